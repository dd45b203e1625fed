import { failTenant } from '../life/fail-tenant.ts';
import type { SagaDefinition } from '../sagas/saga.ts';
import { parseMove, type MoveDeed, type MoveSagaInput } from './move-input.ts';
import type { MoveServices } from './move-services.ts';
import { MoveWork, type MoveStep } from './move-work.ts';
import { closingStep } from './steps/closing-step.ts';
import { databaseStep } from './steps/database-step.ts';
import { loginStep } from './steps/login-step.ts';
import { oldCopyStep } from './steps/old-copy-step.ts';
import { oldDatabaseStep } from './steps/old-database-step.ts';
import { pauseStep } from './steps/pause-step.ts';
import { publicationStep } from './steps/publication-step.ts';
import { rehearsalStep } from './steps/rehearsal-step.ts';
import { replicationStep } from './steps/replication-step.ts';
import { resumptionStep } from './steps/resumption-step.ts';
import { roleStep } from './steps/role-step.ts';
import { subscriptionStep } from './steps/subscription-step.ts';
import { switchStep } from './steps/switch-step.ts';
import { transferStep } from './steps/transfer-step.ts';
import { verificationStep } from './steps/verification-step.ts';

const targetSteps: readonly MoveStep[] = [roleStep, databaseStep, loginStep];
const replicationSteps: readonly MoveStep[] = [publicationStep, subscriptionStep, replicationStep, rehearsalStep];
/** The tenant's requests wait from the first of them to the resumption. */
const cutOverSteps: readonly MoveStep[] = [pauseStep, transferStep, verificationStep, switchStep, resumptionStep, closingStep];

/** What a move, or its end, is made of. */
export function moveSteps({ deed, way, dropsOld }: Pick<MoveSagaInput, 'deed' | 'way' | 'dropsOld'>): MoveStep[] {
  if (deed === 'CONFIRM') return [oldDatabaseStep];
  return [
    ...(deed === 'REVERT' ? [oldCopyStep] : []),
    ...targetSteps,
    ...(way === 'REPLICATION' ? replicationSteps : []),
    ...cutOverSteps,
    ...(dropsOld ? [oldDatabaseStep] : []),
  ];
}

/**
 * Brings a tenant's database to another cluster while it is served, but for a moment. Until the old one is dropped, which a step of its own
 * does or another saga, the tenant can be brought back with all that was written since.
 */
export function moveSaga(services: MoveServices): SagaDefinition<MoveWork> {
  return {
    kind: 'MOVE',
    action: ({ input }) => actionOf(parseMove(input).deed),
    steps: ({ input }) => moveSteps(parseMove(input)),
    pointOfNoReturn: switchStep.name,
    open: async (saga, middle) => await MoveWork.open(saga, middle, services),
    onStuck: failTenant,
  };
}

/** What the audit log calls it. */
export function actionOf(deed: MoveDeed): string {
  return deed === 'MOVE' ? 'tenant.move' : `tenant.${deed.toLowerCase()}-move`;
}
