import type { SagaDefinition } from '../sagas/saga.ts';
import { transitions } from '../tenant-status.ts';
import { ProvisioningContext, type ProvisioningContextOptions } from './provisioning-context.ts';
import { parseProvisioning } from './provisioning-input.ts';
import type { ProvisioningStep } from './step.ts';
import { activationStep } from './steps/activation-step.ts';
import { clusterStep } from './steps/cluster-step.ts';
import { databaseStep } from './steps/database-step.ts';
import { poolerStep } from './steps/pooler-step.ts';
import { reservationStep } from './steps/reservation-step.ts';
import { roleStep } from './steps/role-step.ts';
import { seedStep } from './steps/seed-step.ts';
import { shelfStep } from './steps/shelf-step.ts';
import { verificationStep } from './steps/verification-step.ts';

export const cloningSteps: readonly ProvisioningStep[] = [
  reservationStep,
  clusterStep,
  roleStep,
  databaseStep,
  poolerStep,
  seedStep,
  verificationStep,
  activationStep,
];

/** Of a tenant whose database was ready on the shelf. */
const shelfSteps: readonly ProvisioningStep[] = [reservationStep, shelfStep, seedStep, activationStep];

export function provisioningSaga(services: Omit<ProvisioningContextOptions, 'saga' | 'middle'>): SagaDefinition<ProvisioningContext> {
  return {
    kind: 'PROVISION',
    steps: (saga) => (parseProvisioning(saga.input).isShelved ? shelfSteps : cloningSteps),
    open: async (saga, middle) => new ProvisioningContext({ ...services, saga, middle }),
    onStuck: async ({ saga, tenant }, step) => {
      const { from, to } = transitions.fail;
      const where = { id: tenant.id, status: { in: [...from] } };
      await saga.commit(async (tx) => await tx.tenant.updateMany({ where, data: { status: to, failedStep: step } }));
    },
  };
}
