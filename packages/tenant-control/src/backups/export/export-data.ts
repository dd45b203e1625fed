import { pipeline } from 'node:stream/promises';
import type { Client } from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import { ProgressTracker, type LongWork } from '../long-work.ts';
import { writeManifest, type StoredManifest } from '../manifest.ts';
import { createMeter, type Measured } from '../meter.ts';
import { assertTablesAreAll, describeDatabase } from '../read-data.ts';
import { withSnapshot } from '../session.ts';
import type { BackupStore } from '../stores/backup-store.ts';
import { listTables, orderedRows, tableName, type Table } from '../tables.ts';
import { jsonOfRow } from './json-row.ts';
import { readPrismaNames, type ModelsByTable } from './prisma-names.ts';

export interface ExportOptions extends LongWork {
  /** As for a backup. */
  readonly url: string;
  readonly store: BackupStore;
  /** Folder in the store; what is in it is replaced. */
  readonly key: string;
  readonly tenantId: string;
  /** Text of the `schema.prisma` that names models and fields. Tables and columns that it does not know keep their own names. */
  readonly prismaSchema: string;
}

/** One file of an export. */
interface ExportedModel extends Measured {
  /** Prisma's name, or `schema.table` where Prisma has none. */
  readonly model: string;
  /** `schema.table`. */
  readonly table: string;
  readonly file: string;
}

export interface ExportManifest {
  readonly format: 'NDJSON';
  readonly tenantId: string;
  readonly schemaVersion: string | null;
  readonly models: readonly ExportedModel[];
  readonly startedAt: string;
  readonly finishedAt: string;
}

/**
 * Gives out all of a tenant's data, as it is at one moment, for people and programs that know nothing of Postgres: a file for each model,
 * with a JSON object on each line, and a manifest with counts and checksums. Dates are ISO 8601, 64-bit integers and decimals are strings,
 * bytes are base64. Equal data gives equal files. What that takes of memory does not depend on how much there is.
 *
 * @throws {BackupFormatError} {BackupStoreError}, Postgres's errors, and the signal's reason; nothing is left in the store then
 */
export async function exportData(options: ExportOptions): Promise<StoredManifest<ExportManifest>> {
  const { url, store, key, tenantId, signal } = options;
  const startedAt = new Date().toISOString();
  signal?.throwIfAborted();
  await store.remove(key);
  try {
    const content = await withSnapshot(url, signal, async (client) => {
      await client.query(`SET LOCAL IntervalStyle = iso_8601`);
      await assertTablesAreAll(client);
      const { schemaVersion } = await describeDatabase(client);
      return { schemaVersion, models: await exportTables(client, options) };
    });
    const times = { startedAt, finishedAt: new Date().toISOString() };
    return await writeManifest(store, key, { format: 'NDJSON', tenantId, ...content, ...times }, signal);
  } catch (error) {
    // Without a manifest, what cannot be removed is no export either.
    await store.remove(key).catch(() => {});
    throw error;
  }
}

async function exportTables(client: Client, options: ExportOptions): Promise<ExportedModel[]> {
  const names = readPrismaNames(options.prismaSchema);
  const tables = await listTables(client);
  const progress = new ProgressTracker(options, tables.length);
  const files = new FileNames();
  const models: ExportedModel[] = [];
  for (const table of tables) {
    progress.begin(tableName(table));
    const model = names.get(tableName(table))?.model ?? tableName(table);
    const file = files.for(model);
    models.push({ model, table: tableName(table), file, ...(await exportTable(client, table, file, { names, options, progress })) });
    progress.end();
  }
  return models;
}

async function exportTable(
  client: Client,
  table: Table,
  file: string,
  { names, options, progress }: { names: ModelsByTable; options: ExportOptions; progress: ProgressTracker },
): Promise<Measured> {
  const { store, key, signal } = options;
  const fields = names.get(tableName(table))?.fields;
  const row = jsonOfRow(table, (column) => fields?.get(column) ?? column);
  // JSON has no control characters: with these for quote and delimiter, CSV is nothing but its lines.
  const rows = `COPY (SELECT ${row} ${orderedRows(table)}) TO STDOUT (FORMAT csv, QUOTE E'\\x01', DELIMITER E'\\x02')`;
  const meter = createMeter({ onData: (bytes, count) => progress.add(bytes, count) });
  const save = async (data: AsyncIterable<Buffer>) => await store.put(`${key}/${file}`, data, signal);
  await pipeline(client.query(copyTo(rows)), meter.stream, save, { signal });
  return meter.measured();
}

/** Names of models as those of files, none of them twice, on no file system. */
class FileNames {
  readonly #taken = new Set<string>();

  for(model: string): string {
    const name = model.replaceAll(/[^\w.-]/g, '_').replace(/^[^\w-]/, '_');
    for (let count = 1; ; count += 1) {
      const file = `${name}${count === 1 ? '' : `-${count}`}.ndjson`;
      if (this.#taken.has(file.toLowerCase())) continue;
      this.#taken.add(file.toLowerCase());
      return file;
    }
  }
}
