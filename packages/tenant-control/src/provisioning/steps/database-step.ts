import { cloneDatabase, dropDatabase } from '../../tenant-databases/database.ts';
import type { ProvisioningStep } from '../step.ts';

/** The tenant's database, cloned from the template; everything in it is the tenant's role's. */
export const databaseStep: ProvisioningStep = {
  name: 'database',
  run: async ({ cluster, tenant, middle }) => {
    const { admin } = cluster;
    await cloneDatabase(tenant, { admin, session: await cluster.session(), template: await admin.prepare(), onPart: middle });
  },
  undo: async ({ cluster, tenant }) => await dropDatabase(await cluster.session(), tenant.databaseName),
};
