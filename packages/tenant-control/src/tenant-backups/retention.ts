import { Prisma } from '@tenantry/prisma/control';
import { dropAbandonedScratch } from '../backups/scratch-database.ts';
import type { SweepOptions } from '../life/sweeps.ts';
import type { Actor } from '../tenant.ts';
import { settleAbandoned, type RunningBackup } from './abandoned-backups.ts';
import { isBeingRestored, isLastGood, isSleptOn } from './needed-backups.ts';
import { recordingFailure } from './recording-failure.ts';
import { beginRemoval, removeFiles } from './remove-backup.ts';
import type { BackupServices } from './services.ts';

/** Of `backups`: its time is over, and nobody needs it. */
const isExpired = Prisma.sql`state IN ('DONE', 'FAILED') AND expires_at <= now()
  AND NOT (${isLastGood}) AND NOT (${isSleptOn}) AND NOT (${isBeingRestored})`;

/** See {@link BackupOperations.removeExpiredBackups}. Those in other stores stay: what is there cannot be seen from here. */
export async function removeExpired({ limit, signal }: SweepOptions, actor: Actor, services: BackupServices): Promise<string[]> {
  const { db, store, logger } = services;
  await settleAbandoned(services);
  await dropScratch(services);
  const expired = await db.$queryRaw<RunningBackup[]>`
    SELECT id, tenant_id AS "tenantId", key FROM backups WHERE store = ${store.name} AND ${isExpired} ORDER BY expires_at, id LIMIT ${limit}`;
  const removed: string[] = [];
  for (const backup of expired) {
    if (signal?.aborted) break;
    try {
      if (await removeOne(backup, actor, services)) removed.push(backup.id);
    } catch (err) {
      logger.warn({ err, backup: backup.id, tenantId: backup.tenantId }, 'a backup whose time is over could not be removed');
    }
  }
  return removed;
}

/** What test restores have left whose process has died. */
async function dropScratch({ clusters, logger }: BackupServices): Promise<void> {
  for (const cluster of clusters.values()) {
    await dropAbandonedScratch(cluster).catch((err: unknown) =>
      logger.warn({ err, cluster: cluster.name }, 'test restores that were cut off are not dropped'),
    );
  }
}

async function removeOne(backup: RunningBackup, actor: Actor, services: BackupServices): Promise<boolean> {
  const { id, tenantId } = backup;
  const request = { id: tenantId, action: 'backup.remove', actor };
  if (!(await beginRemoval(id, request, services, isExpired))) return false;
  await recordingFailure(request, id, services, async () => await removeFiles(backup, services));
  return true;
}
