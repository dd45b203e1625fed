import { migrationsFolder } from '@tenantry/prisma';
import type { LongWork } from '../backups/long-work.ts';
import { verifyBackup } from '../backups/verify-backup.ts';
import { BackupDamagedError } from '../errors.ts';
import { recordingRefusals } from '../life/change-tenant.ts';
import { clusterOf } from '../life/tenant-work.ts';
import type { Actor } from '../tenant.ts';
import type { Backup } from './backup.ts';
import { assertWhole, demandBackup, findWhole } from './find-backup.ts';
import { recordingFailure } from './recording-failure.ts';
import type { BackupServices } from './services.ts';

/** See {@link BackupOperations.verifyBackup}. */
export async function verifyCatalogued(backupId: string, actor: Actor, services: BackupServices, work: LongWork): Promise<Backup> {
  const { db, catalog } = services;
  const backup = await demandBackup(db, backupId);
  const { id, tenantId } = backup;
  const request = { id: tenantId, action: 'backup.verify', actor };
  await recordingRefusals(request, catalog, async () => assertWhole(backup));
  const verified = await recordingFailure(request, id, services, async () => await testRestore(id, services, work));
  await catalog.recordAudit({ ...actor, action: request.action, tenantId, outcome: 'ALLOWED', detail: { backup: id } });
  return verified;
}

/**
 * Restores a backup for a test. One that turns out to be damaged is FAILED from then on.
 *
 * @throws {BackupDamagedError} {ClusterMissingError} and whatever else {@link verifyBackup} and {@link findWhole} throw
 */
export async function testRestore(id: string, services: BackupServices, work: LongWork = {}): Promise<Backup> {
  const { db, store } = services;
  const migrationFolders = [migrationsFolder('tenant')];
  await markingDamage(id, services, async () => {
    const { backup, checksum: expectedChecksum } = await findWhole(id, services, work.signal);
    const cluster = clusterOf(await db.tenant.findUniqueOrThrow({ where: { id: backup.tenantId } }), services);
    await verifyBackup({ cluster, store, key: backup.key, expectedChecksum, migrationFolders, ...work });
  });
  await db.$executeRaw`UPDATE backups SET verified_at = now() WHERE id = ${id}::uuid`;
  return await demandBackup(db, id);
}

/**
 * Does `work` with a backup. When that turns out to be damaged, it counts for no backup any more; its files stay until its time is over, for
 * whoever wants to look at them.
 */
export async function markingDamage<Result>(id: string, { db }: Pick<BackupServices, 'db'>, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof BackupDamagedError) {
      await db.backup.updateMany({ where: { id, state: 'DONE' }, data: { state: 'FAILED', error: error.message } });
    }
    throw error;
  }
}
