import type { BackupOperations } from '../tenant-backups/backup.ts';
import type { TenantMoves } from '../moves/tenant-moves.ts';
import type { TenantControl } from '../tenant-control.ts';
import type { ScheduledTask } from './scheduled-task.ts';

/** Name of the task that is also asked for when a shelf was taken from. */
export const refillShelvesTask = 'refill-shelves';

export interface HousekeepingPolicy {
  /** Days without a request after which a tenant is put to sleep, and what becomes of its database then. Null: none is. */
  readonly hibernation: { readonly idleDays: number; readonly keep: 'closed' | 'dropped' } | null;
  /** Days for which a move can be reverted. After that the database that the tenant has left is dropped. */
  readonly confirmMovesAfterDays: number;
}

type Housekeeper = Pick<
  TenantControl,
  'refillShelves' | 'sampleUsage' | 'thinUsageSamples' | 'purgeDue' | 'hibernateIdle' | 'clearFailedJobs'
> &
  Pick<BackupOperations, 'removeExpiredBackups'> &
  Pick<TenantMoves, 'confirmMovesDue'>;

/** Tenants that one run of a task deals with at most; the next one goes on. */
const limit = 100;

/** Days for which jobs that failed for good can be looked at; one for a tenant is refused when it is tried again after a week. */
const failedJobsDays = 30;

/** What keeps an installation in order. Sagas that were left undone are no part of it: every process that has a control takes them up. */
export function housekeepingTasks(control: Housekeeper, { hibernation, confirmMovesAfterDays: days }: HousekeepingPolicy): ScheduledTask[] {
  const tasks: ScheduledTask[] = [
    { name: refillShelvesTask, cron: '* * * * *', run: async () => ({ ...(await control.refillShelves()) }) },
    { name: 'sample-usage', cron: '7 * * * *', run: async () => ({ ...(await control.sampleUsage()) }) },
    { name: 'thin-usage-samples', cron: '17 3 * * *', catchesUp: true, run: async () => ({ removed: await control.thinUsageSamples() }) },
    {
      name: 'purge-due',
      cron: '*/15 * * * *',
      run: async ({ actor, signal }) => ({ purged: (await control.purgeDue({ limit, signal }, actor)).length }),
    },
    {
      name: 'remove-expired-backups',
      cron: '37 * * * *',
      run: async ({ actor, signal }) => ({ removed: (await control.removeExpiredBackups({ limit, signal }, actor)).length }),
    },
    {
      name: 'confirm-moves',
      cron: '27 * * * *',
      run: async ({ actor, signal }) => ({ confirmed: (await control.confirmMovesDue({ days, limit, signal }, actor)).length }),
    },
    {
      name: 'clear-failed-jobs',
      cron: '47 3 * * *',
      catchesUp: true,
      run: async () => ({ removed: await control.clearFailedJobs(failedJobsDays) }),
    },
  ];
  if (!hibernation) return tasks;
  const hibernateIdle: ScheduledTask = {
    name: 'hibernate-idle',
    cron: '*/15 * * * *',
    run: async ({ actor, signal }) => ({ hibernated: (await control.hibernateIdle({ limit, signal, ...hibernation }, actor)).length }),
  };
  return [...tasks, hibernateIdle];
}
