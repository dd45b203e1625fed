import { escapeIdentifier, type ClientBase } from 'pg';

interface Setting {
  /** Null where it holds in all of them. */
  readonly database: string | null;
  readonly name: string;
  readonly value: string;
}

/**
 * Gives the login `to` what sessions of the role `from` begin with, such as bounds that an operator has given it; not as whom they act.
 * To be called in a transaction: the settings hold for its rest, too.
 */
export async function copySettings(administrator: Pick<ClientBase, 'query'>, from: string, to: string): Promise<void> {
  const { rows } = await administrator.query<Setting>(settingsOfRole, [from]);
  for (const { database, name, value } of rows) {
    // By way of the session, for the text of a list, such as of search_path, is no literal of one.
    await administrator.query('SELECT pg_catalog.set_config($1, $2, true)', [name, value]);
    const within = database === null ? '' : `IN DATABASE ${escapeIdentifier(database)}`;
    const setting = name.split('.').map(escapeIdentifier).join('.');
    await administrator.query(`ALTER ROLE ${escapeIdentifier(to)} ${within} SET ${setting} FROM CURRENT`);
  }
}

const settingsOfRole = `
  SELECT datname AS database, split_part(setting, '=', 1) AS name, substr(setting, strpos(setting, '=') + 1) AS value
  FROM pg_db_role_setting
  JOIN pg_roles ON pg_roles.oid = setrole AND rolname = $1
  LEFT JOIN pg_database ON pg_database.oid = setdatabase
  CROSS JOIN unnest(setconfig) AS setting
  WHERE NOT starts_with(setting, 'role=')`;
