import { pipeline } from 'node:stream/promises';
import { createZstdCompress } from 'node:zlib';
import type { LongWork } from './long-work.ts';
import { writeManifest, type BackupManifest, type CopyManifest, type StoredManifest } from './manifest.ts';
import { dumpArchive } from './pg-dump/dump-archive.ts';
import { assertTablesAreAll, describeDatabase, readTables, type DataConsumer } from './read-data.ts';
import { withSnapshot } from './session.ts';
import type { BackupStore } from './stores/backup-store.ts';
import type { Table } from './tables.ts';
import { createStoredTally, type Stored } from './stored-tally.ts';

export interface DumpOptions extends LongWork {
  /**
   * A direct connection to the database, not one through a pooler, with a role that may read all of it: best the one that owns it, since
   * code in the database runs with the rights of whoever reads.
   */
  readonly url: string;
  readonly store: BackupStore;
  /** Folder in the store; what is in it is replaced. */
  readonly key: string;
  readonly tenantId: string;
  /** Default `COPY`, which needs nothing but the connection. */
  readonly format?: BackupManifest['format'] | undefined;
}

/** A backup that is whole and in its store. */
export type StoredBackup = StoredManifest<BackupManifest>;

/**
 * Backs a database up, as it is at one moment, while it is used. What that takes of memory does not depend on how much there is.
 *
 * `COPY` holds all rows and sequences; the rest is made by the migrations that the manifest names. `PG_DUMP` holds everything but what was
 * granted to whom.
 *
 * @throws {BackupFormatError} {BackupStoreError}, Postgres's errors, and the signal's reason; nothing is left in the store then
 */
export async function dumpDatabase(options: DumpOptions): Promise<StoredBackup> {
  const { store, key, format = 'COPY' } = options;
  options.signal?.throwIfAborted();
  await store.remove(key);
  try {
    return format === 'COPY' ? await dumpTables(options) : await dumpArchive(options);
  } catch (error) {
    // Without a manifest, what cannot be removed is no backup either.
    await store.remove(key).catch(() => {});
    throw error;
  }
}

async function dumpTables({ url, store, key, tenantId, ...work }: DumpOptions): Promise<StoredManifest<CopyManifest>> {
  const startedAt = new Date().toISOString();
  const stored: Stored[] = [];
  const consumerOf = (_table: Table, position: number): DataConsumer => {
    return async (data) => void (stored[position] = await storeCompressed(data, store, `${key}/${fileOf(position)}`, work.signal));
  };
  const storedAt = (position: number): Stored => stored[position] ?? missing(fileOf(position));
  const content = await withSnapshot(url, work.signal, async (client) => {
    await assertTablesAreAll(client);
    const description = await describeDatabase(client);
    const tables = await readTables(client, consumerOf, work);
    return {
      ...description,
      tables: tables.map((table, position) => Object.assign(table, { file: fileOf(position) }, storedAt(position))),
    };
  });
  const storedBytes = stored.reduce((sum, file) => sum + file.storedBytes, 0);
  const times = { startedAt, finishedAt: new Date().toISOString() };
  const body = { format: 'COPY', compression: 'zstd', tenantId, ...content, ...times, storedBytes } as const;
  return await writeManifest(store, key, body, work.signal);
}

/** Names of tables may hold what names of files may not. */
function fileOf(position: number): string {
  return `tables/${String(position).padStart(4, '0')}.copy.zst`;
}

async function storeCompressed(
  data: AsyncIterable<Buffer>,
  store: BackupStore,
  key: string,
  signal: AbortSignal | undefined,
): Promise<Stored> {
  const tally = createStoredTally();
  const save = async (content: AsyncIterable<Buffer>) => await store.put(key, content, signal);
  await pipeline(data, createZstdCompress(), tally.pass, save, { signal });
  return tally.tallied();
}

function missing(file: string): never {
  throw new Error(`${file} was not written.`);
}
