import { pipeline } from 'node:stream/promises';
import { escapeIdentifier, type Client } from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import { BackupFormatError } from '../errors.ts';
import { ProgressTracker, type LongWork } from './long-work.ts';
import type { AppliedMigration, TableData } from './manifest.ts';
import { createMeter } from './meter.ts';
import { readAppliedMigrations } from './migrations.ts';
import { readSequences, type SequenceValue } from './sequences.ts';
import { listTables, orderedRows, tableName, writableColumns, type Table } from './tables.ts';

/** What a manifest says of the database as a whole. */
export interface DatabaseDescription {
  readonly schemaVersion: string | null;
  readonly migrations: AppliedMigration[];
  readonly sequences: SequenceValue[];
  readonly postgresVersion: string;
}

/** Gets the data of a table, in the text format of COPY, and resolves when it has taken all of it. */
export type DataConsumer = (data: AsyncIterable<Buffer>) => Promise<void>;

/** Within a snapshot. */
export async function describeDatabase(client: Client): Promise<DatabaseDescription> {
  const migrations = await readAppliedMigrations(client);
  const { rows } = await client.query<{ server_version: string }>('SHOW server_version');
  return {
    schemaVersion: migrations.at(-1)?.name ?? null,
    migrations,
    sequences: await readSequences(client),
    postgresVersion: rows[0]?.server_version ?? '',
  };
}

/**
 * Reads every table, one after the other, within a snapshot.
 *
 * @param consumerOf called before a table is read, with its position
 */
export async function readTables(
  client: Client,
  consumerOf: (table: Table, position: number) => Promise<DataConsumer> | DataConsumer,
  work: LongWork,
): Promise<TableData[]> {
  const tables = await listTables(client);
  const progress = new ProgressTracker(work, tables.length);
  const read: TableData[] = [];
  for (const [position, table] of tables.entries()) {
    progress.begin(tableName(table));
    read.push(await readTable(client, table, await consumerOf(table, position), progress, work.signal));
    progress.end();
  }
  return read;
}

/** @throws {BackupFormatError} when there is data that COPY does not reach */
export async function assertTablesAreAll(client: Client): Promise<void> {
  const { rows } = await client.query<{ count: string }>('SELECT count(*) FROM pg_largeobject_metadata');
  const count = rows[0]?.count ?? '0';
  if (count === '0') return;
  throw new BackupFormatError(`The database has ${count} large objects, which the format COPY does not hold: use the format PG_DUMP.`);
}

async function readTable(
  client: Client,
  table: Table,
  consume: DataConsumer,
  progress: ProgressTracker,
  signal: AbortSignal | undefined,
): Promise<TableData> {
  const columns = writableColumns(table);
  const list = columns.map(({ name }) => `t.${escapeIdentifier(name)}`).join(', ');
  const meter = createMeter({ onData: (bytes, rows) => progress.add(bytes, rows) });
  const data = client.query(copyTo(`COPY (SELECT ${list} ${orderedRows(table)}) TO STDOUT`));
  await pipeline(data, meter.stream, consume, { signal });
  return { schema: table.schema, name: table.name, columns, ...meter.measured() };
}

export async function discard(data: AsyncIterable<Buffer>): Promise<void> {
  for await (const _chunk of data);
}
