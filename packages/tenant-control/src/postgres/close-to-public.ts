import { escapeIdentifier, type ClientBase } from 'pg';

/**
 * Takes from the pseudo-role PUBLIC the right to connect to `database`, which Postgres gives it by default: from then on only
 * superusers, the owner, and roles that were granted CONNECT by name get in.
 *
 * @returns false when this connection's role may not change that
 */
export async function closeToPublic(client: Pick<ClientBase, 'query'>, database: string): Promise<boolean> {
  if (!(await isOpenToPublic(client, database))) return true;
  // Without the right to do this, Postgres only warns.
  await client.query(`REVOKE CONNECT, TEMPORARY ON DATABASE ${escapeIdentifier(database)} FROM PUBLIC`);
  return !(await isOpenToPublic(client, database));
}

async function isOpenToPublic(client: Pick<ClientBase, 'query'>, database: string): Promise<boolean> {
  const { rows } = await client.query<{ open: boolean }>(`SELECT has_database_privilege('public', $1, 'CONNECT') AS open`, [database]);
  return rows[0]?.open ?? false;
}
