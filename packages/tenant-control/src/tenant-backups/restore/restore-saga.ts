import { failTenant } from '../../life/fail-tenant.ts';
import type { LifeServices } from '../../life/services.ts';
import { inTurnOf } from '../../life/tenant-work.ts';
import type { SagaDefinition } from '../../sagas/saga.ts';
import type { BackupServices } from '../services.ts';
import { backupStep, comparisonStep, migrationStep, restoreStep } from './beside-steps.ts';
import { dropStep, remainderStep } from './replaced-steps.ts';
import type { ProgressListeners } from './progress-listeners.ts';
import { RestoreWork, type RestoreStep } from './restore-work.ts';
import { activationStep, openingStep, pauseStep, swapStep } from './swap-steps.ts';

/** As the audit log calls a restore in place: to restore a tenant is to undo its deletion. */
export const restoreAction = 'backup.restore';

export const restoreSteps: readonly RestoreStep[] = [
  backupStep,
  restoreStep,
  comparisonStep,
  migrationStep,
  pauseStep,
  swapStep,
  openingStep,
  activationStep,
  remainderStep,
  dropStep,
];

/** Replaces a tenant's database by what a backup holds. */
export function restoreSaga(life: LifeServices, services: BackupServices, listeners: ProgressListeners): SagaDefinition<RestoreWork> {
  return {
    kind: 'RESTORE',
    action: () => restoreAction,
    steps: () => restoreSteps,
    pointOfNoReturn: openingStep.name,
    open: async (saga, middle) => await RestoreWork.open(saga, middle, { life, services, onProgress: listeners.of(saga.id) }),
    inTurn: async (tenantId, work) => await inTurnOf(tenantId, work, life, 'inLongTurn'),
    onStuck: async ({ tenantWork }, step) => await failTenant(tenantWork, step),
  };
}
