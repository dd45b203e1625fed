import type { SagaDefinition } from '../sagas/saga.ts';
import { RotationContext, type RotationServices, type RotationStep } from './rotation-context.ts';
import { drainStep } from './steps/drain-step.ts';
import { loginStep } from './steps/login-step.ts';
import { passwordStep } from './steps/password-step.ts';
import { poolerStep } from './steps/pooler-step.ts';
import { publicationStep } from './steps/publication-step.ts';
import { retirementStep } from './steps/retirement-step.ts';
import { switchStep } from './steps/switch-step.ts';
import { verificationStep } from './steps/verification-step.ts';

export const rotationSteps: readonly RotationStep[] = [
  passwordStep,
  loginStep,
  poolerStep,
  verificationStep,
  switchStep,
  publicationStep,
  drainStep,
  retirementStep,
];

/**
 * Replaces the role that a tenant signs in by. The old one and the new one both do until nobody uses the old one any more: no request
 * fails.
 */
export function rotationSaga(services: RotationServices): SagaDefinition<RotationContext> {
  return {
    kind: 'ROTATE',
    steps: () => rotationSteps,
    pointOfNoReturn: switchStep.name,
    open: async (saga, middle) => new RotationContext({ ...services, saga, middle }),
  };
}
