import { openToPooler } from '../../clusters/pooler-access.ts';
import { dropOwnDatabase, makeEmptyDatabase } from '../../tenant-databases/database.ts';
import type { ProvisioningContext } from '../provisioning-context.ts';
import type { ProvisioningStep } from '../step.ts';

/** The tenant's database, made of a backup; one that an earlier attempt has made is made anew. A pooler that has a role is let in. */
export const restoreStep: ProvisioningStep = {
  name: 'restore',
  run: async (context) => {
    const { cluster, tenant, input, middle } = context;
    await drop(context);
    await makeEmptyDatabase(await cluster.session(), tenant, middle);
    await context.restore(input.backupId ?? '');
    const authUser = cluster.admin.tenants?.authUser ?? null;
    if (authUser !== null) await openToPooler(cluster.admin, authUser, await context.login());
  },
  undo: drop,
};

async function drop(context: ProvisioningContext): Promise<void> {
  await context.assertNeverServed();
  await dropOwnDatabase(await context.cluster.session(), context.cluster.admin.name, context.tenant);
}
