import { ConflictError } from '@tenantry/service';
import { release } from '../reservation.ts';
import type { ProvisioningStep } from '../step.ts';

/** The catalog row with slug and idempotency key is there before the first step; what fails later gives it up last. */
export const reservationStep: ProvisioningStep = {
  name: 'reservation',
  run: async ({ db, tenant, slug }) => {
    const held = await db.tenant.count({ where: { id: tenant.id, status: 'PROVISIONING' } });
    if (held === 0) throw new ConflictError(`The tenant "${slug}" is not being provisioned any more.`);
  },
  undo: async ({ saga }) => await saga.commit(async (tx) => await release(tx, saga.tenantId)),
};
