import { MoveRefusedError } from '../../errors.ts';
import { dropRoles } from '../../tenant-databases/drop-roles.ts';
import { closeOwner } from '../../tenant-databases/login.ts';
import { newPassword } from '../../tenant-databases/owned-database.ts';
import { makeRole } from '../../tenant-databases/role.ts';
import type { MoveStep, MoveWork } from '../move-work.ts';

/** The role that owns everything of the tenant, where the tenant is to be. It signs in only where it does so far. */
export const roleStep: MoveStep = {
  name: 'role',
  run: async (work) => {
    const { roleName, loginName } = work.tenant;
    await work.on('target', async (session) => {
      await claimTarget(work);
      const isLogin = loginName === roleName;
      const password = isLogin ? work.login().password : newPassword();
      await makeRole(session, { roleName, password }, work.middle);
      if (!isLogin) await closeOwner(session, roleName);
    });
  },
  undo: async (work) => {
    await work.endStandIns();
    if (!work.facts.isTargetOurs) return;
    await work.on('target', async (session) => await dropRoles(work.cluster('target'), session, work.tenant));
  },
};

/** From then on what is there by the tenant's names was made by this saga, and may be dropped by it. */
async function claimTarget(work: MoveWork): Promise<void> {
  if (work.facts.isTargetOurs) return;
  const { databaseName, roleName, loginName, slug } = work.tenant;
  const { rows } = await work.target.pool.query<{ name: string }>(
    `SELECT datname AS name FROM pg_database WHERE datname = $1 UNION SELECT rolname FROM pg_roles WHERE rolname IN ($2, $3)`,
    [databaseName, roleName, loginName],
  );
  if (rows[0]) throw new MoveRefusedError(slug, work.target.name, `there is a ${rows[0].name} already`);
  await work.remember({ isTargetOurs: true });
}
