import { inTurnOf } from '../life/tenant-work.ts';
import type { SagaDefinition } from '../sagas/saga.ts';
import { transitions } from '../tenant-status.ts';
import { ProvisioningContext, type ProvisioningContextOptions } from './provisioning-context.ts';
import { parseProvisioning, type ProvisioningInput } from './provisioning-input.ts';
import type { ProvisioningStep } from './step.ts';
import { activationStep } from './steps/activation-step.ts';
import { clusterStep } from './steps/cluster-step.ts';
import { databaseStep } from './steps/database-step.ts';
import { reservationStep } from './steps/reservation-step.ts';
import { restoreStep } from './steps/restore-step.ts';
import { roleStep } from './steps/role-step.ts';
import { seedStep } from './steps/seed-step.ts';
import { shelfStep } from './steps/shelf-step.ts';
import { verificationStep } from './steps/verification-step.ts';

export const cloningSteps: readonly ProvisioningStep[] = [
  reservationStep,
  clusterStep,
  roleStep,
  databaseStep,
  seedStep,
  verificationStep,
  activationStep,
];

/** Of a tenant whose database was ready on the shelf. */
const shelfSteps: readonly ProvisioningStep[] = [reservationStep, shelfStep, seedStep, activationStep];

/** Of a tenant that begins with what another one had when it was backed up. */
export const restoringSteps: readonly ProvisioningStep[] = cloningSteps.map((step) => (step === databaseStep ? restoreStep : step));

function stepsOf({ isShelved, backupId, specification: { firstOwner } }: ProvisioningInput): readonly ProvisioningStep[] {
  const steps = isShelved ? shelfSteps : backupId == null ? cloningSteps : restoringSteps;
  return firstOwner ? steps : steps.filter((step) => step !== seedStep);
}

export function provisioningSaga(services: Omit<ProvisioningContextOptions, 'saga' | 'middle'>): SagaDefinition<ProvisioningContext> {
  return {
    kind: 'PROVISION',
    steps: (saga) => stepsOf(parseProvisioning(saga.input)),
    open: async (saga, middle) => new ProvisioningContext({ ...services, saga, middle }),
    inTurn: async (tenantId, work) => await inTurnOf(tenantId, work, services),
    onStuck: async ({ saga, tenant }, step) => {
      const { from, to } = transitions.fail;
      const where = { id: tenant.id, status: { in: [...from] } };
      await saga.commit(async (tx) => await tx.tenant.updateMany({ where, data: { status: to, failedStep: step } }));
    },
  };
}
