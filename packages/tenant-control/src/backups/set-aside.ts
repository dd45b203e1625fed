import { escapeIdentifier, escapeLiteral, type ClientBase } from 'pg';
import { ownSchemas } from './tables.ts';

/**
 * Drops what stands in the way of rows that come in any order, and has been true of them already, or was never asked of them: foreign keys,
 * and constraints that are NOT VALID. The role has to own the tables.
 *
 * @returns what puts it all back as it was, checked against the rows that are there then
 */
export async function setConstraintsAside(client: ClientBase): Promise<() => Promise<void>> {
  const { rows } = await client.query<{ table: string; name: string; definition: string; comment: string | null }>(
    `SELECT format('%I.%I', n.nspname, c.relname) AS table, k.conname AS name, pg_get_constraintdef(k.oid) AS definition,
       obj_description(k.oid, 'pg_constraint') AS comment
     FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE k.conparentid = 0 AND k.coninhcount = 0 AND (k.contype = 'f' OR k.contype IN ('c', 'n') AND NOT k.convalidated)
       AND ${ownSchemas}
     ORDER BY k.oid`,
  );
  for (const { table, name } of rows) await client.query(`ALTER TABLE ${table} DROP CONSTRAINT ${escapeIdentifier(name)}`);
  return async () => {
    for (const { table, name, definition, comment } of rows) {
      await client.query(`ALTER TABLE ${table} ADD CONSTRAINT ${escapeIdentifier(name)} ${definition}`);
      if (comment === null) continue;
      await client.query(`COMMENT ON CONSTRAINT ${escapeIdentifier(name)} ON ${table} IS ${escapeLiteral(comment)}`);
    }
  };
}

/**
 * Disables the tables' triggers: their work on these rows has been done. The role has to own the tables.
 *
 * @returns what enables them again, as they were
 */
export async function setTriggersAside(client: ClientBase): Promise<() => Promise<void>> {
  const { rows } = await client.query<{ table: string; name: string; always: boolean }>(
    `SELECT format('%I.%I', n.nspname, c.relname) AS table, g.tgname AS name, g.tgenabled = 'A' AS always
     FROM pg_trigger g JOIN pg_class c ON c.oid = g.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE NOT g.tgisinternal AND g.tgenabled IN ('O', 'A') AND c.relkind IN ('r', 'p') AND ${ownSchemas}
     ORDER BY g.oid`,
  );
  const alter = async (table: string, what: string, name: string) =>
    await client.query(`ALTER TABLE ONLY ${table} ${what} TRIGGER ${escapeIdentifier(name)}`);
  for (const { table, name } of rows) await alter(table, 'DISABLE', name);
  return async () => {
    for (const { table, name, always } of rows) await alter(table, always ? 'ENABLE ALWAYS' : 'ENABLE', name);
  };
}
