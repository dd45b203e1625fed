import type { Logger } from '@tenantry/service';
import { ProvisioningError } from '../errors.ts';
import { transitions } from '../tenant-status.ts';
import type { ProvisioningContext, ProvisioningStep, StepName } from './step.ts';
import { activationStep } from './steps/activation-step.ts';
import { clusterStep } from './steps/cluster-step.ts';
import { databaseStep } from './steps/database-step.ts';
import { poolerStep } from './steps/pooler-step.ts';
import { reservationStep } from './steps/reservation-step.ts';
import { roleStep } from './steps/role-step.ts';
import { seedStep } from './steps/seed-step.ts';
import { verificationStep } from './steps/verification-step.ts';

/** In the order in which they are run; undone in the reverse order. */
export const provisioningSteps: readonly ProvisioningStep[] = [
  reservationStep,
  clusterStep,
  roleStep,
  databaseStep,
  poolerStep,
  seedStep,
  verificationStep,
  activationStep,
];

/** Called before each step. For tests: what it throws is a failure at that point. */
export type BeforeStep = (step: StepName, tenantId: string) => Promise<void>;

/**
 * Runs the steps; when one fails, undoes it and those before it, the last one first.
 *
 * @throws {ProvisioningError}
 */
export async function runSteps(context: ProvisioningContext, logger: Logger, beforeStep: BeforeStep = async () => {}): Promise<void> {
  const begun: ProvisioningStep[] = [];
  for (const step of provisioningSteps) {
    begun.unshift(step);
    try {
      await beforeStep(step.name, context.tenant.id);
      await step.run(context);
    } catch (error) {
      const undone = await undoSteps(begun, context, logger);
      throw new ProvisioningError(context.tenant.slug, step.name, undone, error);
    }
  }
}

/** @returns false when a step could not be undone: what it and the steps before it made remains, and the tenant is FAILED */
async function undoSteps(steps: readonly ProvisioningStep[], context: ProvisioningContext, logger: Logger): Promise<boolean> {
  for (const step of steps) {
    try {
      await step.undo(context);
    } catch (error) {
      logger.error({ err: error, step: step.name, tenantId: context.tenant.id }, 'a failed provisioning could not be undone');
      await markFailed(step.name, context, logger);
      return false;
    }
  }
  return true;
}

async function markFailed(step: StepName, { db, tenant }: ProvisioningContext, logger: Logger): Promise<void> {
  const { from, to } = transitions.fail;
  try {
    await db.tenant.updateMany({ where: { id: tenant.id, status: { in: [...from] } }, data: { status: to, failedStep: step } });
  } catch (error) {
    logger.error(
      { err: error, tenantId: tenant.id },
      'a tenant whose provisioning failed could not be marked FAILED and stays PROVISIONING',
    );
  }
}
