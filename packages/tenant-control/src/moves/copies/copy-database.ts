import { pipeline } from 'node:stream/promises';
import { escapeIdentifier, escapeLiteral, type Client } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import type { LongWork } from '../../backups/long-work.ts';
import type { TableData } from '../../backups/manifest.ts';
import { readTables, type DataConsumer } from '../../backups/read-data.ts';
import { refreshViews } from '../../backups/restore-tables.ts';
import { readSequences, setSequence } from '../../backups/sequences.ts';
import { withSession, withSnapshot } from '../../backups/session.ts';
import { setConstraintsAside, setTriggersAside } from '../../backups/set-aside.ts';
import { listTables, quotedName, writableColumns, type Table } from '../../backups/tables.ts';
import { inTransaction } from '../../postgres/in-transaction.ts';

export interface CopyOptions extends LongWork {
  /** URLs of both databases, which act as the role that owns them. They are defined equally. */
  readonly from: string;
  readonly to: string;
  /** Name of the snapshot of the first that is copied. Default: as it is now. */
  readonly snapshot?: string;
}

/**
 * Replaces all rows and sequences of a database by those of another, straight from the one to the other, in one transaction: all of it or
 * nothing.
 *
 * @returns what was read
 */
export async function copyDatabase({ from, to, snapshot, ...work }: CopyOptions): Promise<TableData[]> {
  return await withSnapshot(from, work.signal, async (source) => {
    if (snapshot !== undefined) await source.query(`SET TRANSACTION SNAPSHOT ${escapeLiteral(snapshot)}`);
    return await withSession(to, work.signal, async (target) => {
      return await inTransaction(target, async () => {
        const enableTriggers = await setTriggersAside(target);
        const addConstraints = await setConstraintsAside(target);
        const tables = await listTables(source);
        if (tables.length > 0) await target.query(`TRUNCATE ${tables.map(quotedName).join(', ')}`);
        const copied = await readTables(source, (table) => consumerOf(target, table, work.signal), work);
        await copySequences(source, target);
        for (const table of tables) await target.query(`ANALYZE ${quotedName(table)}`);
        await addConstraints();
        await enableTriggers();
        await refreshViews(target);
        return copied;
      });
    });
  });
}

/** @param target in a transaction */
export async function copySequences(source: Client, target: Client): Promise<void> {
  for (const sequence of await readSequences(source)) await setSequence(target, sequence);
}

function consumerOf(target: Client, table: Table, signal: AbortSignal | undefined): DataConsumer {
  const columns = writableColumns(table);
  const list = columns.length === 0 ? '' : ` (${columns.map(({ name }) => escapeIdentifier(name)).join(', ')})`;
  return async (data) => {
    await pipeline(data, target.query(copyFrom(`COPY ${quotedName(table)}${list} FROM STDIN`)), { signal });
  };
}
