import { openToPooler } from '../../clusters/pooler-access.ts';
import { cloneDatabase, dropOwnDatabase } from '../../tenant-databases/database.ts';
import type { ProvisioningStep } from '../step.ts';

/** The tenant's database, cloned from the template; everything in it is the tenant's role's. A pooler that has a role is let in. */
export const databaseStep: ProvisioningStep = {
  name: 'database',
  run: async (context) => {
    const { cluster, tenant, middle } = context;
    const { admin } = cluster;
    const template = admin.template ?? (await admin.prepare());
    await cloneDatabase(tenant, {
      admin,
      session: await cluster.session(),
      template,
      asTenant: async (work) => await work(await context.asTenant()),
      onClone: middle,
      onOpen: middle,
    });
    const authUser = admin.tenants?.authUser ?? null;
    if (authUser !== null) await openToPooler(admin, authUser, await context.login());
  },
  undo: async (context) => {
    await context.assertNeverServed();
    await dropOwnDatabase(await context.cluster.session(), context.cluster.admin.name, context.tenant);
  },
};
