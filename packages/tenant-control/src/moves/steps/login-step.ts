import { checkPlacement } from '@tenantry/tenant-pool';
import { findPlacement } from '../../catalog/find-placement.ts';
import { openToPooler } from '../../clusters/pooler-access.ts';
import { makeLogin } from '../../tenant-databases/login.ts';
import { verifyLogin } from '../../tenant-databases/verify-login.ts';
import { carrySettings } from '../carry-settings.ts';
import type { MoveStep, MoveWork } from '../move-work.ts';

/** The tenant signs in where it is to be as it does where it is, also on the way that its connections take. */
export const loginStep: MoveStep = {
  name: 'login',
  run: async (work) => {
    const { tenant, target } = work;
    const login = work.login();
    await work.on('target', async (session) => {
      if (tenant.loginName !== tenant.roleName) {
        await makeLogin(session, tenant, { password: login.password, like: null, onPart: work.middle });
      }
      await carrySettings(work.source.pool, session, tenant);
      const authUser = target.tenants?.authUser ?? null;
      if (authUser !== null) await openToPooler(target, authUser, login);
    });
    await verifyLogin(target, login, tenant.roleName);
    if (target.tenants) await verifyRoute(work, login.password);
  },
  // It goes with the roles and the database.
  undo: async () => {},
};

async function verifyRoute({ services: { db }, tenant, target }: MoveWork, password: string): Promise<void> {
  const placement = await findPlacement(db, tenant.id);
  if (!placement) throw new Error(`The tenant "${tenant.slug}" is not in the catalog any more.`);
  const { host, port, sslMode, pooling } = await db.cluster.findUniqueOrThrow({ where: { name: target.name } });
  await checkPlacement({ ...placement, cluster: target.name, host, port, sslMode, pooling }, { password, service: 'control' });
}
