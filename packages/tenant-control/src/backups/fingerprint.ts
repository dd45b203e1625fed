import type { LongWork } from './long-work.ts';
import type { TableData } from './manifest.ts';
import { describeDatabase, discard, readTables } from './read-data.ts';
import type { SequenceValue } from './sequences.ts';
import { withSnapshot } from './session.ts';
import { tableName } from './tables.ts';

/** What a database holds, without the data itself: equal for equal data, whatever server it is on. */
export interface Fingerprint {
  readonly tables: readonly TableData[];
  readonly sequences: readonly SequenceValue[];
}

/** Counts and checksums of all of a database's data, for example to compare it with that of another. */
export async function fingerprintDatabase({ url, ...work }: { url: string } & LongWork): Promise<Fingerprint> {
  return await withSnapshot(url, work.signal, async (client) => {
    const { sequences } = await describeDatabase(client);
    return { tables: await readTables(client, async () => discard, work), sequences };
  });
}

/** What differs, in words; empty where the data is equal. */
export function differences(actual: Fingerprint, expected: Fingerprint): string[] {
  const found = new Map(actual.tables.map((table) => [tableName(table), table]));
  const values = new Map(actual.sequences.map((sequence) => [tableName(sequence), sequence]));
  return [
    ...expected.tables.flatMap((table) => tableDifference(tableName(table), found.get(tableName(table)), table)),
    ...expected.sequences
      .filter(({ value, isCalled, ...sequence }) => {
        const other = values.get(tableName(sequence));
        return other?.value !== value || other.isCalled !== isCalled;
      })
      .map((sequence) => `the sequence ${tableName(sequence)} is elsewhere`),
    ...surplus(actual.tables, expected.tables).map((name) => `there is a table ${name}`),
  ];
}

function tableDifference(name: string, actual: TableData | undefined, expected: TableData): string[] {
  if (!actual) return [`the table ${name} is missing`];
  if (actual.rows !== expected.rows) return [`the table ${name} has ${actual.rows} rows, not ${expected.rows}`];
  return actual.sha256 === expected.sha256 ? [] : [`the rows of the table ${name} differ`];
}

function surplus(actual: readonly TableData[], expected: readonly TableData[]): string[] {
  const names = new Set(expected.map(tableName));
  return actual.map(tableName).filter((name) => !names.has(name));
}
