import { latestMigration } from '@tenantry/prisma';
import { ConflictError } from '@tenantry/service';
import { transitions } from '../../tenant-status.ts';
import type { Tenant } from '../../tenant.ts';
import type { ProvisioningContext } from '../provisioning-context.ts';
import type { ProvisioningStep } from '../step.ts';

const { from, to } = transitions.activate;

/** From here on the tenant is served. The last step, since nothing that was served may be undone. */
export const activationStep: ProvisioningStep = {
  name: 'activation',
  run: async (context) => {
    try {
      // The cluster has nothing left to do.
      await Promise.all([activate(context), context.cluster.release()]);
    } catch (error) {
      // The answer to a commit may be lost, and what it did be done; the tenant may have been suspended since.
      if (!(await context.wasServed())) throw error;
    }
  },
  undo: async () => {},
};

/** What becomes of a tenant with that. */
export function activated(tenant: Tenant): Tenant {
  return { ...tenant, status: to, schemaVersion: latestMigration('tenant') };
}

async function activate({ saga, db, tenant, slug }: ProvisioningContext): Promise<void> {
  const count = await db.$executeRaw`
    WITH held AS (${saga.held})
    UPDATE tenants SET status = ${to}::"TenantStatus", schema_version = ${latestMigration('tenant')}, updated_at = now() FROM held
    WHERE tenants.id = ${tenant.id}::uuid AND status = ANY(${[...from]}::"TenantStatus"[])`;
  if (count > 0) return;
  await saga.assertHeld();
  throw new ConflictError(`The tenant "${slug}" is not being provisioned any more.`);
}
