import type { ProvisioningStep } from '../step.ts';

/** The catalog row with slug and idempotency key: there, and this step done, when the saga begins. What fails gives it up last. */
export const reservationStep: ProvisioningStep = {
  name: 'reservation',
  run: async () => {},
  undo: async ({ saga }) => {
    await saga.commit(async (tx) => {
      await tx.tenant.deleteMany({ where: { id: saga.tenantId, status: { in: ['PROVISIONING', 'FAILED'] } } });
      // Nobody can erase a tenant that never was: that one was wanted is all that stays.
      await tx.$executeRaw`
        UPDATE sagas SET input = jsonb_set(input, '{specification}', '{"slug": "", "name": ""}') WHERE id = ${saga.id}::uuid`;
    });
  },
};
