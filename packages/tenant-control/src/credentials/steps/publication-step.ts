import type { RotationStep } from '../rotation-context.ts';

/** Tells every process: new leases use the new login, held ones may be given back first. */
export const publicationStep: RotationStep = {
  name: 'publication',
  run: async ({ saga, services }) => {
    await services.bus.publish(saga.tenantId);
    services.onPublished(saga.id);
  },
  undo: async () => {},
};
