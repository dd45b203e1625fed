import type { PrismaClient } from '@tenantry/prisma/control';
import { readManifest, type StoredManifest, type BackupManifest } from '../backups/manifest.ts';
import { BackupDamagedError, BackupElsewhereError, BackupNotFoundError, BackupNotWholeError, NoSuchBackupError } from '../errors.ts';
import { findCatalogued } from './backup-list.ts';
import type { Backup } from './backup.ts';
import type { BackupServices } from './services.ts';

/** A backup that is whole, with what it holds. */
export interface WholeBackup extends StoredManifest<BackupManifest> {
  readonly backup: Backup;
}

/** @throws {NoSuchBackupError} */
export async function demandBackup(db: Pick<PrismaClient, 'backup'>, id: string): Promise<Backup> {
  const backup = await findCatalogued(db, id);
  if (!backup) throw new NoSuchBackupError(id);
  return backup;
}

/** @throws {BackupNotWholeError} unless the backup is DONE */
export function assertWhole({ id, state, error }: Pick<Backup, 'id' | 'state' | 'error'>): void {
  if (state !== 'DONE') throw new BackupNotWholeError(id, state, error);
}

/**
 * A backup that can be restored as far as its manifest tells.
 *
 * @throws {NoSuchBackupError} {BackupNotWholeError} {BackupElsewhereError} {BackupNotFoundError} {BackupDamagedError} {BackupStoreError}
 */
export async function findWhole(
  id: string,
  { db, store }: Pick<BackupServices, 'db' | 'store'>,
  signal?: AbortSignal,
): Promise<WholeBackup> {
  const backup = await demandBackup(db, id);
  assertWhole(backup);
  try {
    return { backup, ...(await readManifest(store, backup.key, { expectedChecksum: backup.checksum ?? '', signal })) };
  } catch (error) {
    const isNotIt = error instanceof BackupNotFoundError || error instanceof BackupDamagedError;
    throw isNotIt && backup.store !== store.name ? new BackupElsewhereError(backup.id, backup.store, store.name) : error;
  }
}

/**
 * To be called before the files of a backup are removed: where the store has another name by now, what is there has to be the backup; but
 * of one that never was whole, nothing is anywhere.
 *
 * @throws {BackupElsewhereError} {BackupStoreError}
 */
export async function assertHere(backup: Backup, { store }: Pick<BackupServices, 'store'>): Promise<void> {
  const { id, store: name, key, state, checksum } = backup;
  if (name === store.name || (state === 'FAILED' && checksum === null)) return;
  try {
    await readManifest(store, key, { expectedChecksum: checksum ?? '' });
  } catch (error) {
    if (error instanceof BackupNotFoundError || error instanceof BackupDamagedError) throw new BackupElsewhereError(id, name, store.name);
    throw error;
  }
}
