import { escapeIdentifier, escapeLiteral, type ClientBase } from 'pg';

type Administrator = Pick<ClientBase, 'query'>;

export interface Setting {
  /** Null where it holds in all of them. */
  readonly database: string | null;
  readonly name: string;
  readonly value: string;
}

/** Those whose value is a list of names (`variable_is_guc_list_quote` of Postgres's own pg_dumpall). */
const lists: ReadonlySet<string> = new Set(['search_path', 'temp_tablespaces', 'local_preload_libraries', 'session_preload_libraries']);

/**
 * Gives the login `to` what sessions of the role `from` begin with, such as bounds that an operator has given it; not as whom they act.
 * The session of the administrator itself takes none of it on: a role can give itself settings with which nothing more could be done.
 */
export async function copySettings(administrator: Administrator, from: string, to: string): Promise<void> {
  await applySettings(administrator, await readSettings(administrator, { role: from }), `ROLE ${escapeIdentifier(to)}`);
}

/** What sessions of a role begin with, or those in a database whoever's they are. */
export async function readSettings(
  administrator: Administrator,
  of: { readonly role: string } | { readonly database: string },
): Promise<Setting[]> {
  const { rows } = await ('role' in of
    ? administrator.query<Setting>(settingsOfRole, [of.role])
    : administrator.query<Setting>(settingsOfDatabase, [of.database]));
  return rows;
}

/** @param to what gets them, as ALTER has it: `ROLE "acme"` */
export async function applySettings(administrator: Administrator, settings: readonly Setting[], to: string): Promise<void> {
  for (const { database, name, value } of settings) {
    const within = database === null ? '' : `IN DATABASE ${escapeIdentifier(database)}`;
    const setting = name.split('.').map(escapeIdentifier).join('.');
    const values = lists.has(name) ? namesIn(value) : [value];
    await administrator.query(`ALTER ${to} ${within} SET ${setting} TO ${values.map(escapeLiteral).join(', ')}`);
  }
}

/** The names in a list such as `"$user", public`; a list of none is one of the empty name. */
function namesIn(list: string): string[] {
  const names = [...(list.trim() || '""').matchAll(/"((?:[^"]|"")*)"|[^\s,"][^\s,]*/g)];
  return names.map(([plain, quoted]) => quoted?.replaceAll('""', '"') ?? plain.toLowerCase());
}

const settingsOfRole = `
  SELECT datname AS database, split_part(setting, '=', 1) AS name, substr(setting, strpos(setting, '=') + 1) AS value
  FROM pg_db_role_setting
  JOIN pg_roles ON pg_roles.oid = setrole AND rolname = $1
  LEFT JOIN pg_database ON pg_database.oid = setdatabase
  CROSS JOIN unnest(setconfig) AS setting
  WHERE split_part(setting, '=', 1) NOT IN ('role', 'session_authorization')`;

const settingsOfDatabase = `
  SELECT NULL AS database, split_part(setting, '=', 1) AS name, substr(setting, strpos(setting, '=') + 1) AS value
  FROM pg_db_role_setting
  JOIN pg_database ON pg_database.oid = setdatabase AND datname = $1
  CROSS JOIN unnest(setconfig) AS setting
  WHERE setrole = 0 AND split_part(setting, '=', 1) NOT IN ('role', 'session_authorization')`;
