import { pipeline } from 'node:stream/promises';
import { createZstdDecompress } from 'node:zlib';
import { DatabaseError, escapeIdentifier, type Client } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { BackupDamagedError, BackupStoreError, RestoreRefusedError, RestoreTargetError } from '../errors.ts';
import { ProgressTracker, type LongWork } from './long-work.ts';
import type { CopyManifest } from './manifest.ts';
import { createMeter, type Measured } from './meter.ts';
import { discard } from './read-data.ts';
import { readSequences, setSequence } from './sequences.ts';
import { setConstraintsAside, setTriggersAside } from './set-aside.ts';
import { withSession } from './session.ts';
import { blamingStore, StoredFileMissingError, type BackupStore } from './stores/backup-store.ts';
import { listTables, notOfExtension, ownSchemas, quotedName, tableName, writableColumns } from './tables.ts';
import { createStoredTally, type Stored } from './stored-tally.ts';

export interface TablesRestore extends LongWork {
  readonly url: string;
  readonly store: BackupStore;
  readonly key: string;
  readonly manifest: CopyManifest;
}

/** Classes of errors that have to do with neither the backup nor the database (PostgreSQL manual, appendix A). */
const ofTheMoment = /^(?:08|40|53|57|58|XX)/;

type StoredTable = CopyManifest['tables'][number];

type MeasuredFile = Measured & Stored;

/** Replaces the rows of all tables and the values of all sequences, in one transaction. */
export async function restoreTables(restore: TablesRestore): Promise<void> {
  await withSession(restore.url, restore.signal, async (client) => {
    await client.query('BEGIN READ WRITE');
    try {
      await replaceData(client, restore);
      await client.query('COMMIT');
    } catch (error) {
      // With an answer, the locks are known to be given back. A connection that broke gives none, and needs none.
      await client.query('ROLLBACK').catch(() => {});
      throw error instanceof DatabaseError && !ofTheMoment.test(error.code ?? '') ? refused(restore.key, error) : error;
    }
  });
}

async function replaceData(client: Client, restore: TablesRestore): Promise<void> {
  const { manifest } = restore;
  await assertSameTables(client, manifest);
  const enableTriggers = await setTriggersAside(client);
  const addConstraints = await setConstraintsAside(client);
  if (manifest.tables.length > 0) await client.query(`TRUNCATE ${manifest.tables.map(quotedName).join(', ')}`);
  const progress = new ProgressTracker(restore, manifest.tables.length);
  for (const table of manifest.tables) {
    progress.begin(tableName(table));
    await loadTable(client, table, restore, progress);
    progress.end();
  }
  for (const sequence of manifest.sequences) await setSequence(client, sequence);
  await addConstraints();
  await enableTriggers();
  await refreshViews(client);
}

/** @throws {RestoreTargetError} */
async function assertSameTables(client: Client, manifest: CopyManifest): Promise<void> {
  await client.query(`SET LOCAL search_path = ''`);
  const present = (await listTables(client)).map((table) => `table ${describe({ ...table, columns: writableColumns(table) })}`);
  present.push(...(await readSequences(client)).map((sequence) => `sequence ${tableName(sequence)}`));
  const wanted = [
    ...manifest.tables.map((table) => `table ${describe(table)}`),
    ...manifest.sequences.map((sequence) => `sequence ${tableName(sequence)}`),
  ];
  // Definitions of constraints, and functions behind columns, may depend on it.
  await client.query('SET LOCAL search_path TO DEFAULT');
  const faults = [
    ...wanted.filter((one) => !present.includes(one)).map((one) => `it lacks the ${one}`),
    ...present.filter((one) => !wanted.includes(one)).map((one) => `the backup lacks its ${one}`),
  ];
  if (faults.length === 0) return;
  throw new RestoreTargetError(
    `The database is not as the backup's was, though the migrations are the same: ${faults.join('; ')}. Bring by hand what somebody made by hand, then restore again.`,
  );
}

function describe(table: Pick<StoredTable, 'schema' | 'name' | 'columns'>): string {
  return `${tableName(table)} (${table.columns.map(({ name, type }) => `${name} ${type}`).join(', ')})`;
}

async function loadTable(client: Client, table: StoredTable, restore: TablesRestore, progress: ProgressTracker): Promise<void> {
  const { key, signal } = restore;
  const columns = table.columns.map(({ name }) => escapeIdentifier(name)).join(', ');
  // All columns of a table that has none cannot be listed.
  const target = `${quotedName(table)}${columns === '' ? '' : ` (${columns})`}`;
  try {
    const loaded = await readFile(table, restore, progress, async (data) => {
      await pipeline(data, client.query(copyFrom(`COPY ${target} FROM STDIN`)), { signal });
    });
    if (!isAsWritten(loaded, table)) throw damaged(key, table);
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof StoredFileMissingError) throw new BackupDamagedError(key, `its file ${table.file} is gone`, { cause: error });
    if (error instanceof BackupDamagedError || error instanceof BackupStoreError || (await isIntact(table, restore))) throw error;
    throw damaged(key, table, error);
  }
  // What checks the foreign keys, and what comes after, plans by it.
  await client.query(`ANALYZE ${quotedName(table)}`);
}

async function readFile(
  table: StoredTable,
  { store, key, signal }: TablesRestore,
  progress: ProgressTracker | null,
  consume: (data: AsyncIterable<Buffer>) => Promise<void>,
): Promise<MeasuredFile> {
  const meter = createMeter({ onData: (bytes, rows) => progress?.add(bytes, rows), mostBytes: table.bytes });
  const tally = createStoredTally();
  const file = await store.get(`${key}/${table.file}`, signal);
  await blamingStore(file, async () => await pipeline(file, tally.pass, createZstdDecompress(), meter.stream, consume, { signal }));
  return { ...meter.measured(), ...tally.tallied() };
}

/** Postgres may have stumbled over the first wrong byte: then it was not Postgres. */
async function isIntact(table: StoredTable, restore: TablesRestore): Promise<boolean> {
  try {
    return isAsWritten(await readFile(table, restore, null, discard), table);
  } catch (error) {
    restore.signal?.throwIfAborted();
    if (error instanceof BackupStoreError) throw error;
    return false;
  }
}

function isAsWritten(read: MeasuredFile, written: StoredTable): boolean {
  const isSame = read.rows === written.rows && read.bytes === written.bytes && read.sha256 === written.sha256;
  return isSame && read.storedBytes === written.storedBytes && read.storedSha256 === written.storedSha256;
}

function damaged(key: string, { file }: StoredTable, cause?: unknown): BackupDamagedError {
  return new BackupDamagedError(key, `its file ${file} was changed or cut off`, { cause });
}

function refused(key: string, cause: DatabaseError): RestoreRefusedError {
  return new RestoreRefusedError(`Postgres does not take the backup ${key}, which is whole: ${cause.message}`, { cause });
}

/** In the order in which they were made, since each may read those before. */
export async function refreshViews(client: Client): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT format('%I.%I', n.nspname, c.relname) AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind = 'm' AND c.relispopulated AND ${ownSchemas} AND ${notOfExtension} ORDER BY c.oid`,
  );
  for (const { name } of rows) await client.query(`REFRESH MATERIALIZED VIEW ${name}`);
}
