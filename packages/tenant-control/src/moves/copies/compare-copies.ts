import type { Client } from 'pg';
import { differences, fingerprintDatabase, type Fingerprint } from '../../backups/fingerprint.ts';
import type { LongWork } from '../../backups/long-work.ts';
import type { TableData } from '../../backups/manifest.ts';
import { discard, readTables } from '../../backups/read-data.ts';
import { readSequences } from '../../backups/sequences.ts';
import { withSnapshot } from '../../backups/session.ts';
import { listTables, quotedName, tableName } from '../../backups/tables.ts';

export interface Copies extends LongWork {
  /** URLs of both databases, which act as the role that owns them. */
  readonly source: string;
  readonly target: string;
}

/** What a comparison has found. */
export interface Comparison {
  /** In words; empty where both hold the same. */
  readonly faults: readonly string[];
  /** Of the source, all tables together. */
  readonly rows: number;
  readonly bytes: number;
}

/** Compares all rows and sequences of both. Nobody writes to either meanwhile. @param known what was read of the source before */
export async function compareByChecksums({ source, target, ...work }: Copies, known: readonly TableData[] | null): Promise<Comparison> {
  const { onProgress, signal } = work;
  const [expected, actual] = await Promise.all([
    known ? withTables(source, known, signal) : fingerprintDatabase({ url: source, signal }),
    fingerprintDatabase({ url: target, onProgress, signal }),
  ]);
  return { faults: differences(actual, expected), ...sumOf(expected.tables) };
}

/**
 * Compares all rows of both, each as it is at the moment when `alignSnapshots` has both of them queried.
 *
 * @param alignSnapshots calls back while both hold the same, if all is well
 */
export async function compareSnapshots(
  { source, target, onProgress, signal }: Copies,
  alignSnapshots: (takeBoth: () => Promise<void>) => Promise<void>,
): Promise<Comparison> {
  return await withSnapshot(source, signal, async (ofSource) => {
    return await withSnapshot(target, signal, async (ofTarget) => {
      // A snapshot is taken by the first query of its transaction.
      await alignSnapshots(async () => void (await Promise.all([ofSource.query('SELECT 1'), ofTarget.query('SELECT 1')])));
      const [expected, actual] = await Promise.all([
        readTables(ofSource, () => discard, { signal }),
        readTables(ofTarget, () => discard, { onProgress, signal }),
      ]);
      const faults = differences({ tables: actual, sequences: [] }, { tables: expected, sequences: [] });
      return { faults, ...sumOf(expected) };
    });
  });
}

/** Compares the numbers of rows. Nobody writes to either meanwhile. @returns what differs, in words */
export async function compareByCounts({ source, target, signal }: Copies): Promise<string[]> {
  const [expected, actual] = await Promise.all([countRows(source, signal), countRows(target, signal)]);
  return [...expected]
    .filter(([table, rows]) => actual.get(table) !== rows)
    .map(([table, rows]) => `the table ${table} has ${actual.get(table) ?? 'no'} rows, not ${rows}`);
}

async function countRows(url: string, signal: AbortSignal | undefined): Promise<Map<string, string>> {
  return await withSnapshot(url, signal, async (client) => {
    const tables = await listTables(client);
    if (tables.length === 0) return new Map();
    const counts = tables.map(
      (table, position) =>
        `SELECT ${position} AS position, count(*) AS rows FROM ${table.isPartitioned ? '' : 'ONLY '}${quotedName(table)}`,
    );
    const { rows } = await client.query<{ rows: string }>(`${counts.join(' UNION ALL ')} ORDER BY position`);
    return new Map(tables.map((table, position) => [tableName(table), rows[position]?.rows ?? '']));
  });
}

async function withTables(url: string, tables: readonly TableData[], signal: AbortSignal | undefined): Promise<Fingerprint> {
  return await withSnapshot(url, signal, async (client: Client) => ({ tables, sequences: await readSequences(client) }));
}

function sumOf(tables: readonly TableData[]): { rows: number; bytes: number } {
  return tables.reduce((sum, { rows, bytes }) => ({ rows: sum.rows + rows, bytes: sum.bytes + bytes }), { rows: 0, bytes: 0 });
}
