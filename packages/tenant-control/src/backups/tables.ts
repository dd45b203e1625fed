import { escapeIdentifier, type ClientBase } from 'pg';

export interface Column {
  readonly name: string;
  /** As `format_type` has it, with its schema where that is not the system's. */
  readonly type: string;
}

/** A table as it is in a database; a partitioned one with its partitions is one. */
export interface Table {
  readonly schema: string;
  readonly name: string;
  readonly isPartitioned: boolean;
  /** In their order in the table. */
  readonly columns: readonly TableColumn[];
  /** Columns of the primary key, empty where there is none. */
  readonly key: readonly string[];
}

export interface TableColumn extends Column {
  /** Computed from other columns: cannot be written. */
  readonly isGenerated: boolean;
  readonly isCollated: boolean;
  /** Of a domain, the type that it is made of in the end; of an array, that of its elements. */
  readonly baseType: string;
  readonly isArray: boolean;
}

/** Of `pg_namespace AS n`: those that hold the tenant's own. `tenantry` is the administrator's, with how the pooler signs in. */
export const ownSchemas = `n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'tenantry')`;

/** Of `pg_class AS c`: what comes with an extension, and goes with it. */
export const notOfExtension = `NOT EXISTS (
  SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = c.oid AND deptype = 'e')`;

/** Where Prisma keeps which migrations were applied: of a backup, that is in the manifest. */
const migrationsTable = '_prisma_migrations';

const tablesQuery = `
  WITH RECURSIVE bases AS (
    SELECT oid, oid AS base FROM pg_type WHERE typtype <> 'd'
    UNION ALL SELECT t.oid, b.base FROM pg_type t JOIN bases b ON t.typtype = 'd' AND t.typbasetype = b.oid)
  SELECT n.nspname AS schema, c.relname AS name, c.relkind = 'p' AS "isPartitioned",
    (SELECT coalesce(json_agg(json_build_object(
       'name', a.attname, 'type', format_type(a.atttypid, a.atttypmod), 'isGenerated', a.attgenerated <> '', 'isCollated', a.attcollation <> 0,
       'isArray', base.typcategory = 'A', 'baseType', coalesce(element.typname, base.typname)) ORDER BY a.attnum), '[]')
     FROM pg_attribute a
     JOIN bases b ON b.oid = a.atttypid
     JOIN pg_type base ON base.oid = b.base
     LEFT JOIN bases e ON base.typcategory = 'A' AND e.oid = base.typelem
     LEFT JOIN pg_type element ON element.oid = e.base
     WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns,
    (SELECT coalesce(json_agg(a.attname ORDER BY k.position), '[]')
     FROM pg_index i, unnest(i.indkey::int2[]) WITH ORDINALITY AS k(attnum, position)
     JOIN pg_attribute a ON a.attnum = k.attnum
     WHERE a.attrelid = c.oid AND i.indrelid = c.oid AND i.indisprimary AND k.position <= i.indnkeyatts) AS key
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND ${ownSchemas} AND ${notOfExtension}
    AND NOT (n.nspname = 'public' AND c.relname = '${migrationsTable}')
  ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C"`;

/** All tables with a tenant's data, those that its own extra migrations have added included. The search path has to be empty. */
export async function listTables(client: ClientBase): Promise<Table[]> {
  const { rows } = await client.query<Table>(tablesQuery);
  return rows;
}

export function tableName({ schema, name }: Pick<Table, 'schema' | 'name'>): string {
  return `${schema}.${name}`;
}

export function quotedName({ schema, name }: Pick<Table, 'schema' | 'name'>): string {
  return `${escapeIdentifier(schema)}.${escapeIdentifier(name)}`;
}

export function writableColumns({ columns }: Table): Column[] {
  return columns.filter(({ isGenerated }) => !isGenerated).map(({ name, type }) => ({ name, type }));
}

/** What stands behind SELECT to read the whole table, as `t`, in an order that depends on nothing but its rows. */
export function orderedRows(table: Table): string {
  // Rows of a table that others inherit from are not theirs.
  return `FROM ${table.isPartitioned ? '' : 'ONLY '}${quotedName(table)} AS t ORDER BY ${orderOf(table)}`;
}

/** Text is ordered by its bytes: by its language, another server may order it in another way. */
function orderOf({ key, columns }: Table): string {
  if (key.length === 0) return '(t.*)::text COLLATE "C"';
  const texts = new Set(columns.filter(({ isCollated }) => isCollated).map(({ name }) => name));
  return key.map((name) => `t.${escapeIdentifier(name)}${texts.has(name) ? ' COLLATE "C"' : ''}`).join(', ');
}
