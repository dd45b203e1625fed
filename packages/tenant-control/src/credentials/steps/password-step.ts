import { seal } from '@tenantry/service';
import { newPassword } from '../../tenant-databases/owned-database.ts';
import { sealedPasswordFact, type RotationStep } from '../rotation-context.ts';

/** Kept before it is used: whoever takes over has the same one. */
export const passwordStep: RotationStep = {
  name: 'password',
  run: async ({ saga, services }) => {
    if (sealedPasswordFact in saga.data) return;
    await saga.remember({ [sealedPasswordFact]: seal(newPassword(), saga.tenantId, services.keyRing) });
  },
  undo: async () => {},
};
