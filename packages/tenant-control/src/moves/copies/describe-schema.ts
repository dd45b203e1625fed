import type { Client } from 'pg';
import { notOfExtension, ownSchemas } from '../../backups/tables.ts';

/**
 * Everything in a database that its rows depend on, or requests rely on, a line each: equal for databases that are defined equally.
 *
 * @param client with an empty search path, by which all names are whole
 */
export async function describeSchema(client: Client): Promise<string[]> {
  const { rows } = await client.query<{ line: string }>(lines);
  return rows.map(({ line }) => line);
}

/** What one has and the other has not, in words; empty where both are defined equally. */
export function schemaDifferences(source: readonly string[], target: readonly string[]): string[] {
  const [ofSource, ofTarget] = [new Set(source), new Set(target)];
  return [
    ...source.filter((line) => !ofTarget.has(line)).map((line) => `only the old one has the ${line}`),
    ...target.filter((line) => !ofSource.has(line)).map((line) => `only the new one has the ${line}`),
  ];
}

const relations = `pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace`;
const own = `${ownSchemas} AND ${notOfExtension}`;
const notOf = (catalog: string, oid: string) =>
  `NOT EXISTS (SELECT FROM pg_depend WHERE classid = '${catalog}'::regclass AND objid = ${oid} AND deptype = 'e')`;

/** Versions of Postgres tell constraints NOT NULL, and the text of views, apart: of these it is the columns that count. */
const lines = `
  SELECT format('column %I.%I.%I %s%s%s%s', n.nspname, c.relname, a.attname, format_type(a.atttypid, a.atttypmod),
      CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END, a.attidentity::text || a.attgenerated::text, ' ' || pg_get_expr(d.adbin, d.adrelid)) AS line
    FROM ${relations} JOIN pg_attribute a ON a.attrelid = c.oid LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND a.attnum > 0 AND NOT a.attisdropped AND ${own}
  UNION ALL SELECT format('constraint %I of %I.%I: %s', k.conname, n.nspname, c.relname, pg_get_constraintdef(k.oid))
    FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE k.contype <> 'n' AND ${own}
  UNION ALL SELECT format('index %s', pg_get_indexdef(i.indexrelid))
    FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE ${own}
  UNION ALL SELECT format('trigger %s (%s)', pg_get_triggerdef(g.oid), g.tgenabled)
    FROM pg_trigger g JOIN pg_class c ON c.oid = g.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE NOT g.tgisinternal AND ${own}
  UNION ALL SELECT format('policy %I of %I.%I', p.polname, n.nspname, c.relname)
    FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE ${own}
  UNION ALL SELECT format('%s %I.%I', CASE c.relkind WHEN 'S' THEN 'sequence' WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view'
      WHEN 'f' THEN 'foreign table' ELSE 'table' END, n.nspname, c.relname)
    FROM ${relations} WHERE c.relkind IN ('r', 'p', 'S', 'v', 'm', 'f') AND ${own}
  UNION ALL SELECT format('function %s %s', p.oid::regprocedure, md5(p.prosrc))
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE ${ownSchemas} AND ${notOf('pg_proc', 'p.oid')}
  UNION ALL SELECT format('type %I.%I %s', n.nspname, t.typname,
      (SELECT string_agg(quote_literal(e.enumlabel), ', ' ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = t.oid))
    FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
    WHERE t.typtype IN ('e', 'd') AND ${ownSchemas} AND ${notOf('pg_type', 't.oid')}
  UNION ALL SELECT format('extension %I', extname) FROM pg_extension
  ORDER BY line`;
