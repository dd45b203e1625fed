import { createHash } from 'node:crypto';
import { pipeline } from 'node:stream/promises';
import { BackupDamagedError, BackupStoreError, RestoreRefusedError } from '../../errors.ts';
import type { LongWork } from '../long-work.ts';
import type { ArchiveManifest } from '../manifest.ts';
import { blamingStore, StoredFileMissingError, type BackupStore } from '../stores/backup-store.ts';
import { withSession } from '../session.ts';
import { assertClient, startClient } from './postgres-client.ts';

export interface ArchiveRestore extends LongWork {
  readonly url: string;
  readonly store: BackupStore;
  readonly key: string;
  readonly manifest: ArchiveManifest;
}

/**
 * Has `pg_restore` restore the archive into an empty database, in one transaction. It reads the archive twice, since `pg_restore` may
 * commit before it has read to the end of it.
 *
 * @throws {BackupFormatError} when there is no `pg_restore` that is as new as the archive's `pg_dump` and the server
 */
export async function restoreArchive(restore: ArchiveRestore): Promise<void> {
  const { url, key, manifest, signal } = restore;
  const serverVersion = await withSession(url, signal, async (client) => {
    const { rows } = await client.query<{ server_version: string }>('SHOW server_version');
    return rows[0]?.server_version ?? '';
  });
  await assertClient('pg_restore', { 'pg_dump was': manifest.clientVersion, 'the server is': serverVersion });
  await assertIntact(restore);
  try {
    await runPgRestore(restore);
  } catch (cause) {
    signal?.throwIfAborted();
    if (cause instanceof BackupStoreError) throw cause;
    throw new RestoreRefusedError(`Postgres does not take the backup ${key}, which is whole.`, { cause });
  }
}

async function assertIntact({ store, key, manifest: { archive }, signal }: ArchiveRestore): Promise<void> {
  const hash = createHash('sha256');
  try {
    const file = await store.get(`${key}/${archive.file}`, signal);
    await blamingStore(file, async () => await pipeline(file, hash, { signal }));
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof StoredFileMissingError) throw new BackupDamagedError(key, `its file ${archive.file} is gone`, { cause: error });
    throw error;
  }
  if (hash.digest('hex') !== archive.sha256) throw new BackupDamagedError(key, `its file ${archive.file} was changed or cut off`);
}

async function runPgRestore({ url, store, key, manifest: { archive }, signal }: ArchiveRestore): Promise<void> {
  const { pathname } = new URL(url);
  const args = [
    '--single-transaction',
    '--exit-on-error',
    '--no-owner',
    '--no-privileges',
    `--dbname=${decodeURIComponent(pathname.slice(1))}`,
  ];
  const content = await store.get(`${key}/${archive.file}`, signal);
  const { stdin, stdout, done } = startClient('pg_restore', args, url, signal);
  stdout.resume();
  await blamingStore(content, async () => {
    const [, ended] = await Promise.allSettled([pipeline(content, stdin, { signal }), done]);
    // When it has ended well it may have left the end of the archive unread.
    if (ended.status === 'rejected') throw ended.reason;
  });
}
