import { latestMigration } from '@tenantry/prisma';
import { ConflictError } from '@tenantry/service';
import { transitions } from '../../tenant-status.ts';
import type { ProvisioningStep } from '../step.ts';

const { from, to } = transitions.activate;

/** From here on the tenant is served. The last step, since nothing that was served may be undone. */
export const activationStep: ProvisioningStep = {
  name: 'activation',
  run: async ({ saga, tenant, slug }) => {
    const { count } = await saga.commit(async (tx) => {
      const where = { id: tenant.id, status: { in: [...from, to] } };
      return await tx.tenant.updateMany({ where, data: { status: to, schemaVersion: latestMigration('tenant') } });
    });
    if (count === 0) throw new ConflictError(`The tenant "${slug}" is not being provisioned any more.`);
  },
  undo: async () => {},
};
