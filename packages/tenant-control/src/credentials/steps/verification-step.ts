import { checkPlacement, TenantUnavailableError } from '@tenantry/tenant-pool';
import { findPlacement } from '../../catalog/find-placement.ts';
import { verifyLogin } from '../../tenant-databases/verify-login.ts';
import type { RotationStep } from '../rotation-context.ts';

/** Signs in as the tenant will: at the server itself, and on the way that its connections take. */
export const verificationStep: RotationStep = {
  name: 'verification',
  run: async (context) => {
    const { saga, services, input, cluster } = context;
    const login = context.signIn();
    await verifyLogin(cluster, login, input.roleName);
    const placement = await findPlacement(services.db, saga.tenantId);
    if (!placement) throw new TenantUnavailableError(`The tenant "${input.slug}" is not in the catalog any more.`);
    if (cluster.tenants) await checkPlacement({ ...placement, role: login.roleName }, { password: login.password, service: 'control' });
  },
  undo: async () => {},
};
