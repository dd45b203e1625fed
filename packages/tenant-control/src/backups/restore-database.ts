import { RestoreTargetError } from '../errors.ts';
import type { LongWork } from './long-work.ts';
import { readManifest, type BackupManifest } from './manifest.ts';
import { applyAllMigrations, applyMigrationsOf, assertSameMigrations, readAppliedMigrations } from './migrations.ts';
import { restoreArchive } from './pg-dump/restore-archive.ts';
import { restoreTables } from './restore-tables.ts';
import { withSession } from './session.ts';
import type { BackupStore } from './stores/backup-store.ts';
import { listTables } from './tables.ts';

export interface RestoreOptions extends LongWork {
  /**
   * A direct connection to the database with the role that owns, or is to own, everything in it. The database is empty, or, for the format
   * `COPY`, migrated exactly as the backup was: then whatever rows it has are replaced. A role with more rights than that would lend them to
   * the code that an archive of `pg_dump` may hold.
   */
  readonly url: string;
  readonly store: BackupStore;
  readonly key: string;
  /** Folders with Prisma's migrations: the tenants' own one first, then those with the tenant's extra ones. */
  readonly migrationFolders: readonly string[];
  /** The checksum that the dump gave back. Without it, a backup is taken that somebody has replaced as a whole. */
  readonly expectedChecksum?: string | undefined;
  /** Whether migrations that are newer than the backup are applied in the end. Default true. */
  readonly migrateForward?: boolean | undefined;
}

/**
 * Restores a backup in one transaction, while every file is checked against the manifest. The triggers of tables do not run, and foreign
 * keys are checked when all rows are there.
 *
 * @throws {BackupNotFoundError} {BackupDamagedError} {RestoreTargetError} {RestoreRefusedError} {BackupFormatError} {BackupStoreError}
 * {MigrationError}, and the signal's reason. No row is restored then, except after a {MigrationError} of a newer migration; an empty
 * database may have been given its tables.
 */
export async function restoreDatabase(options: RestoreOptions): Promise<BackupManifest> {
  const { url, store, key, migrationFolders: folders, expectedChecksum, migrateForward = true, ...work } = options;
  const { manifest } = await readManifest(store, key, { expectedChecksum, signal: work.signal });
  const isEmpty = await isEmptyOrAsBackedUp(url, manifest, work.signal);
  if (manifest.format === 'PG_DUMP') {
    await restoreArchive({ url, store, key, manifest, ...work });
  } else {
    if (isEmpty) await applyMigrationsOf(manifest.migrations, { url, folders });
    await restoreTables({ url, store, key, manifest, ...work });
  }
  work.signal?.throwIfAborted();
  if (migrateForward) await applyAllMigrations({ url, folders });
  return manifest;
}

/** @returns whether it is empty @throws {RestoreTargetError} when it is neither */
async function isEmptyOrAsBackedUp(url: string, manifest: BackupManifest, signal: AbortSignal | undefined): Promise<boolean> {
  return await withSession(url, signal, async (client) => {
    await client.query(`SET search_path = ''`);
    const migrations = await readAppliedMigrations(client);
    const isEmpty = migrations.length === 0 && (await listTables(client)).length === 0;
    if (isEmpty) return true;
    if (manifest.format === 'PG_DUMP') throw new RestoreTargetError('The database has tables already: restore into an empty one.');
    assertSameMigrations(migrations, manifest.migrations);
    return false;
  });
}
