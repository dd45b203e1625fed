import type { SagaStep } from '../sagas/saga.ts';
import type { ProvisioningContext } from './provisioning-context.ts';

export type ProvisioningStep = SagaStep<ProvisioningContext>;

/** The undoing of a step whose work goes with the database. */
export const goesWithDatabase = async (): Promise<void> => {};
