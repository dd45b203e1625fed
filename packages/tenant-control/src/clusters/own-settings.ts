import type { Pool } from 'pg';

/**
 * What a session of the administrator in a tenant's database begins with. The tenant's role owns that database, and may have every session
 * in it begin otherwise (`ALTER DATABASE … SET`): act as a role of its choice, find its functions before the system's, or fail.
 */
const settings: Readonly<Record<string, string>> = {
  role: 'none',
  search_path: 'pg_catalog',
  default_transaction_read_only: 'off',
  idle_in_transaction_session_timeout: '0',
  idle_session_timeout: '0',
  lock_timeout: '0',
  // Since Postgres 17.
  transaction_timeout: '0',
};

/** The `options` of a connection by which those settings are what they should be, on this server. What comes later in them goes before. */
export async function ownSettings(administrator: Pick<Pool, 'query'>): Promise<string> {
  const { rows } = await administrator.query<{ name: string }>('SELECT name FROM pg_settings WHERE name = ANY($1)', [
    Object.keys(settings),
  ]);
  const known = new Set(['role', ...rows.map(({ name }) => name)]);
  return Object.entries(settings)
    .filter(([name]) => known.has(name))
    .map(([name, value]) => `-c ${name}=${value}`)
    .join(' ');
}
