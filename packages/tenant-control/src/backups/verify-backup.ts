import type { ClusterAdmin } from '../clusters/cluster-admin.ts';
import { BackupDamagedError } from '../errors.ts';
import type { LongWork } from './long-work.ts';
import type { BackupManifest } from './manifest.ts';
import { differences, fingerprintDatabase } from './fingerprint.ts';
import { restoreDatabase, type RestoreOptions } from './restore-database.ts';
import { withScratchDatabase } from './scratch-database.ts';

export interface VerifyOptions extends LongWork, Pick<RestoreOptions, 'store' | 'key' | 'migrationFolders' | 'expectedChecksum'> {
  /** Where the test restore is made. */
  readonly cluster: Pick<ClusterAdmin, 'pool' | 'url' | 'within'>;
}

/**
 * Restores a backup into a database made for that, compares what is in it then with what was backed up, and drops it. Progress goes from
 * nothing to everything twice: while it is restored, and while it is compared.
 *
 * @throws {BackupDamagedError} and whatever else {@link restoreDatabase} throws
 */
export async function verifyBackup({ cluster, ...options }: VerifyOptions): Promise<BackupManifest> {
  const { key, onProgress, signal } = options;
  signal?.throwIfAborted();
  return await withScratchDatabase(cluster, key, async (url) => {
    const manifest = await restoreDatabase({ ...options, url, migrateForward: false });
    const faults = differences(await fingerprintDatabase({ url, onProgress, signal }), manifest);
    if (faults.length > 0) throw new BackupDamagedError(key, `restored, ${faults.join(', ')}`);
    return manifest;
  });
}
