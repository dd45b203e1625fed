import { z } from 'zod';
import type { BackupOperations } from '../tenant-backups/backup.ts';
import type { ScheduledTask } from './scheduled-task.ts';
import type { TenantJobs } from './tenant-jobs.ts';
import { defineTenantTask, longestRunMs, type TenantTask } from './tenant-task.ts';

type Backups = Pick<BackupOperations, 'findBackupsDue' | 'backUpIfDue'>;

/** A backup that failed is due again after an hour, by which the schedule has it queued anew. */
const maxAttempts = 3;

/** Tenants whose backups are queued in one run; the next one goes on. */
const limit = 1000;

const noPayload = z.strictObject({});

/** Backs up one tenant that is due. By the cluster's administrator, who reaches those that are suspended, too. */
export function backUpTask(backups: Backups): TenantTask<z.output<typeof noPayload>> {
  return defineTenantTask({
    name: 'back-up',
    payload: noPayload,
    statuses: ['ACTIVE', 'SUSPENDED'],
    maxAttempts,
    timeLimitMs: longestRunMs,
    run: async ({ tenantId, requester, signal, logger }) => {
      const backup = await backups.backUpIfDue(tenantId, requester, { signal });
      if (backup !== null) logger.info({ backup }, 'a tenant was backed up');
    },
  });
}

/** Has a backup queued for each tenant that is due, so that one that takes long holds up no other. */
export function scheduleBackups(backups: Backups, jobs: TenantJobs): ScheduledTask {
  const task = backUpTask(backups);
  return {
    name: 'schedule-backups',
    cron: '*/10 * * * *',
    run: async ({ actor }) => {
      const due = await backups.findBackupsDue(limit);
      const requests = due.map((tenantId) => ({ tenantId, payload: {}, requester: actor, key: 'schedule' }));
      return { queued: (await jobs.enqueueAll(task, requests)).length };
    },
  };
}
