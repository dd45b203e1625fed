import { cloneDatabase, dropDatabase } from '../../tenant-databases/database.ts';
import type { ProvisioningStep } from '../step.ts';

/** The tenant's database, cloned from the template; everything in it is the tenant's role's. */
export const databaseStep: ProvisioningStep = {
  name: 'database',
  run: async (context) => {
    const { cluster, tenant, middle } = context;
    const { admin } = cluster;
    const template = admin.template ?? (await admin.prepare());
    // Later steps sign in as the tenant; that takes as long as handing the database over, and may happen meanwhile.
    const onOpen = async () => {
      context.asTenant().catch(() => {});
      await middle();
    };
    await cloneDatabase(tenant, { admin, session: await cluster.session(), template, onClone: middle, onOpen });
  },
  undo: async (context) => {
    await context.assertNeverServed();
    await dropDatabase(await context.cluster.session(), context.tenant.databaseName);
  },
};
