import { escapeLiteral, type ClientBase } from 'pg';
import { notOfExtension, ownSchemas, quotedName } from './tables.ts';

export interface SequenceValue {
  readonly schema: string;
  readonly name: string;
  /** A 64-bit integer, in decimal. */
  readonly value: string;
  /** Whether the value was given out already; else it is the next one. */
  readonly isCalled: boolean;
}

/** Sequences are outside of every snapshot: read after it was taken, they are at least as far as its rows. */
export async function readSequences(client: ClientBase): Promise<SequenceValue[]> {
  const { rows: sequences } = await client.query<Pick<SequenceValue, 'schema' | 'name'>>(
    `SELECT n.nspname AS schema, c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind = 'S' AND ${ownSchemas} AND ${notOfExtension}
     ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C"`,
  );
  if (sequences.length === 0) return [];
  const values = sequences.map(
    (sequence, position) =>
      `SELECT ${position} AS position, ${escapeLiteral(sequence.schema)} AS schema, ${escapeLiteral(sequence.name)} AS name,
       last_value::text AS value, is_called AS "isCalled" FROM ${quotedName(sequence)}`,
  );
  const { rows } = await client.query<SequenceValue & { position: number }>(`${values.join(' UNION ALL ')} ORDER BY position`);
  return rows.map(({ schema, name, value, isCalled }) => ({ schema, name, value, isCalled }));
}

/** Part of the transaction, unlike `setval` alone: after RESTART it writes into a copy, which is gone if the transaction is undone. */
export async function setSequence(client: ClientBase, sequence: SequenceValue): Promise<void> {
  const name = quotedName(sequence);
  await client.query(`ALTER SEQUENCE ${name} RESTART`);
  await client.query('SELECT setval($1::regclass, $2, $3)', [name, sequence.value, sequence.isCalled]);
}
