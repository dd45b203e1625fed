import { latestMigration } from '@tenantry/prisma';
import { ConflictError } from '@tenantry/service';
import { transitions } from '../../tenant-status.ts';
import type { ProvisioningContext } from '../provisioning-context.ts';
import type { ProvisioningStep } from '../step.ts';

const { from, to } = transitions.activate;

/** From here on the tenant is served. The last step, since nothing that was served may be undone. */
export const activationStep: ProvisioningStep = {
  name: 'activation',
  run: async (context) => {
    try {
      await activate(context);
    } catch (error) {
      // The answer to a commit may be lost, and what it did be done.
      if (!(await isServed(context))) throw error;
    }
  },
  undo: async () => {},
};

async function activate({ saga, tenant, slug }: ProvisioningContext): Promise<void> {
  const { count } = await saga.commit(async (tx) => {
    const where = { id: tenant.id, status: { in: [...from, to] } };
    return await tx.tenant.updateMany({ where, data: { status: to, schemaVersion: latestMigration('tenant') } });
  });
  if (count === 0) throw new ConflictError(`The tenant "${slug}" is not being provisioned any more.`);
}

async function isServed({ db, tenant: { id } }: ProvisioningContext): Promise<boolean> {
  return (await db.tenant.count({ where: { id, status: to } })) > 0;
}
