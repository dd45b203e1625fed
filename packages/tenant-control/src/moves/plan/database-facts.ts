import { DatabaseError, escapeIdentifier, type Client } from 'pg';
import { listTables, notOfExtension, ownSchemas, quotedName, tableName, type Table } from '../../backups/tables.ts';

/** What stands in the way of a database's move. */
export interface DatabaseFacts {
  /** No way takes these along. */
  readonly largeObjects: number;
  /** Nor these: whoever commits one later would not find it. */
  readonly preparedTransactions: number;
  /** Why its tables cannot be replicated; null where they can. */
  readonly obstacle: string | null;
  /** Tables without a key, of which a changed row is found by comparing all of it. */
  readonly keyless: readonly Table[];
}

/** @param client in the database, with an empty search path */
export async function readDatabase(client: Client): Promise<DatabaseFacts> {
  const { rows: counted } = await client.query<{ count: number }>('SELECT count(*)::int AS count FROM pg_largeobject_metadata');
  const preparedTransactions = await countPrepared(client);
  const { rows: hindrances } = await client.query<{ reason: string }>(obstacles);
  const keyless = new Set((await tablesWithoutIdentity(client)).map(tableName));
  const tables = keyless.size === 0 ? [] : await listTables(client);
  return {
    largeObjects: counted[0]?.count ?? 0,
    preparedTransactions,
    obstacle: hindrances[0]?.reason ?? null,
    keyless: tables.filter((table) => keyless.has(tableName(table)) || (table.isPartitioned && table.key.length === 0)),
  };
}

/** Transactions of `PREPARE TRANSACTION` that wait for their end, which may be another session's. */
export async function countPrepared(client: Client): Promise<number> {
  const { rows } = await client.query<{ count: number }>(
    'SELECT count(*)::int AS count FROM pg_prepared_xacts WHERE database = current_database()',
  );
  return rows[0]?.count ?? 0;
}

/** Tables whose rows have no identity by which a change of one could be told. */
export async function tablesWithoutIdentity(client: Client): Promise<Pick<Table, 'schema' | 'name'>[]> {
  const { rows } = await client.query<Pick<Table, 'schema' | 'name'>>(withoutIdentity);
  return rows;
}

/** Of tables without a key, the first whose rows cannot be compared; null where all can. @param client as the role that owns them */
export async function findIncomparable(client: Client, keyless: readonly Table[]): Promise<string | null> {
  for (const table of keyless) {
    if (!(await isComparable(client, table))) return `${tableName(table)} has neither a primary key nor rows that can be compared`;
  }
  return null;
}

async function isComparable(client: Client, table: Table): Promise<boolean> {
  const row = `ROW(${table.columns.map(({ name }) => `t.${escapeIdentifier(name)}`).join(', ')})`;
  if (table.columns.length === 0) return true;
  try {
    await client.query(`SELECT ${row} = ${row} FROM ${quotedName(table)} AS t LIMIT 0`);
    return true;
  } catch (error) {
    if (error instanceof DatabaseError) return false;
    throw error;
  }
}

/** Of those that rows are in: a partitioned table has none of its own. */
const tables = `
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE ${ownSchemas} AND ${notOfExtension} AND NOT (n.nspname = 'public' AND c.relname = '_prisma_migrations')`;

const withoutIdentity = `
  SELECT n.nspname AS schema, c.relname AS name ${tables} AND c.relkind = 'r'
    AND (c.relreplident = 'n' OR c.relreplident = 'd' AND NOT EXISTS (
      SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary AND i.indimmediate))
  ORDER BY 1, 2`;

const obstacles = `
  SELECT format('%s.%s %s', n.nspname, c.relname, CASE
    WHEN c.relpersistence = 'u' THEN 'is unlogged'
    WHEN c.relrowsecurity THEN 'has row-level security'
    ELSE 'has a trigger that fires on replicated rows' END) AS reason
  ${tables} AND c.relkind IN ('r', 'p') AND (c.relpersistence = 'u' OR c.relrowsecurity OR EXISTS (
    SELECT FROM pg_trigger g WHERE g.tgrelid = c.oid AND NOT g.tgisinternal AND g.tgenabled IN ('A', 'R')))
  ORDER BY 1 LIMIT 1`;
