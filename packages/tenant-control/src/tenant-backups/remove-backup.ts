import { Prisma, type BackupState } from '@tenantry/prisma/control';
import { removeBackup } from '../backups/stored-backups.ts';
import { writeAudit } from '../catalog/audit.ts';
import { BackupInUseError } from '../errors.ts';
import { allowed, recordingRefusals, type Request } from '../life/change-tenant.ts';
import type { Actor } from '../tenant.ts';
import { settleAbandoned } from './abandoned-backups.ts';
import type { Backup } from './backup.ts';
import { assertHere, demandBackup } from './find-backup.ts';
import { isBeingRestored, isSleptOn } from './needed-backups.ts';
import { recordingFailure } from './recording-failure.ts';
import type { BackupServices } from './services.ts';

const removalBegun = 'Its removal was begun.';

/** See {@link BackupOperations.removeBackup}. */
export async function removeCatalogued(backupId: string, actor: Actor, services: BackupServices): Promise<Backup> {
  const { db, catalog } = services;
  const { tenantId, ...backup } = await demandBackup(db, backupId);
  if (backup.state === 'RUNNING') await settleAbandoned(services, tenantId);
  const request = { id: tenantId, action: 'backup.remove', actor };
  const isBegun = await recordingRefusals(request, catalog, async () => {
    await assertHere({ tenantId, ...backup }, services);
    return await beginRemoval(backup.id, request, services);
  });
  if (isBegun) await recordingFailure(request, backup.id, services, async () => await removeFiles(backup, services));
  return await demandBackup(db, backup.id);
}

/**
 * From now on the backup counts for none, and whoever removes what has expired removes what is left of it. On record.
 *
 * @param isWanted a condition of `backups`, asked again while nobody changes the backup
 * @returns false when it was removed before, or is not wanted to be
 * @throws {BackupInUseError}
 */
export async function beginRemoval(
  id: string,
  request: Request,
  { db }: Pick<BackupServices, 'db'>,
  isWanted: Prisma.Sql = Prisma.sql`true`,
): Promise<boolean> {
  return await db.$transaction(async (tx) => {
    // Whoever begins to restore it locks it, too.
    await tx.$queryRaw`SELECT FROM backups WHERE id = ${id}::uuid FOR UPDATE`;
    const [found] = await tx.$queryRaw<{ state: BackupState; restored: boolean; sleptOn: boolean }[]>`
      SELECT state, ${isBeingRestored} AS restored, ${isSleptOn} AS "sleptOn" FROM backups WHERE id = ${id}::uuid AND (${isWanted})`;
    if (!found || found.state === 'REMOVED') return false;
    if (found.state === 'RUNNING') throw new BackupInUseError(id, 'written');
    if (found.restored) throw new BackupInUseError(id, 'restored');
    if (found.sleptOn) throw new BackupInUseError(id, 'slept on');
    await tx.$executeRaw`
      UPDATE backups SET state = 'FAILED', error = ${removalBegun}, expires_at = least(expires_at, now()) WHERE id = ${id}::uuid`;
    await writeAudit(tx, allowed(request, { backup: id }));
    return true;
  });
}

/** What {@link beginRemoval} has begun. */
export async function removeFiles(
  { id, key }: Pick<Backup, 'id' | 'key'>,
  { db, store }: Pick<BackupServices, 'db' | 'store'>,
): Promise<void> {
  await removeBackup(store, key);
  await db.backup.updateMany({ where: { id, state: 'FAILED' }, data: { state: 'REMOVED', error: null } });
}
