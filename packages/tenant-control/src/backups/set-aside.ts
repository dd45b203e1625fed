import { escapeIdentifier, escapeLiteral, type ClientBase } from 'pg';
import { ownSchemas } from './tables.ts';

interface Constraint {
  /** What it is of, as ALTER has it: `TABLE public.teams`. */
  readonly owner: string;
  /** As COMMENT has it. */
  readonly commented: string;
  readonly name: string;
  readonly definition: string;
  readonly comment: string | null;
}

/**
 * Drops what stands in the way of rows that come in any order, and has been true of them already, or was never asked of them: foreign keys,
 * and constraints that are NOT VALID, of tables and of domains. The role has to own these.
 *
 * @returns what puts it all back as it was, checked against the rows that are there then
 */
export async function setConstraintsAside(client: ClientBase): Promise<() => Promise<void>> {
  const { rows } = await client.query<Constraint>(constraintsInTheWay);
  for (const { owner, name } of rows) await client.query(`ALTER ${owner} DROP CONSTRAINT ${escapeIdentifier(name)}`);
  return async () => {
    for (const { owner, commented, name, definition, comment } of rows) {
      await client.query(`ALTER ${owner} ADD CONSTRAINT ${escapeIdentifier(name)} ${definition}`);
      if (comment === null) continue;
      await client.query(`COMMENT ON CONSTRAINT ${escapeIdentifier(name)} ON ${commented} IS ${escapeLiteral(comment)}`);
    }
  };
}

const constraintsInTheWay = `
  SELECT 'TABLE ' || name.of_owner AS owner, name.of_owner AS commented, k.conname AS name,
    pg_get_constraintdef(k.oid) AS definition, obj_description(k.oid, 'pg_constraint') AS comment, k.oid
  FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace,
    format('%I.%I', n.nspname, c.relname) AS name(of_owner)
  WHERE k.conparentid = 0 AND k.coninhcount = 0 AND (k.contype = 'f' OR k.contype IN ('c', 'n') AND NOT k.convalidated) AND ${ownSchemas}
  UNION ALL
  SELECT 'DOMAIN ' || name.of_owner, 'DOMAIN ' || name.of_owner, k.conname, pg_get_constraintdef(k.oid),
    obj_description(k.oid, 'pg_constraint'), k.oid
  FROM pg_constraint k JOIN pg_type t ON t.oid = k.contypid JOIN pg_namespace n ON n.oid = t.typnamespace,
    format('%I.%I', n.nspname, t.typname) AS name(of_owner)
  WHERE NOT k.convalidated AND ${ownSchemas}
  ORDER BY oid`;

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
