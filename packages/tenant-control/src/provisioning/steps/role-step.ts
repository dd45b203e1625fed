import { dropRole } from '../../tenant-databases/drop-role.ts';
import { makeRole } from '../../tenant-databases/role.ts';
import type { ProvisioningStep } from '../step.ts';

/** The tenant's own role: it may sign in and own its database, nothing else, and no statement of it runs for ever. */
export const roleStep: ProvisioningStep = {
  name: 'role',
  run: async (context) => {
    await makeRole(await context.cluster.session(), await context.login(), context.middle);
  },
  undo: async ({ cluster, tenant }) => await dropRole(cluster.admin, await cluster.session(), tenant.roleName),
};
