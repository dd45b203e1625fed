import { dropOwnDatabase } from '../../tenant-databases/database.ts';
import { dropRole } from '../../tenant-databases/drop-role.ts';
import type { ProvisioningStep } from '../step.ts';

/** In place of those that make a database: one from the shelf is there, with its role. It does not go back there. */
export const shelfStep: ProvisioningStep = {
  name: 'shelf',
  run: async () => {},
  undo: async (context) => {
    const { cluster, tenant, middle } = context;
    await context.assertNeverServed();
    const session = await cluster.session();
    await dropOwnDatabase(session, cluster.admin.name, tenant);
    await middle();
    await dropRole(cluster.admin, session, tenant.roleName);
  },
};
