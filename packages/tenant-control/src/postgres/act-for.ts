import { escapeIdentifier, type ClientBase } from 'pg';

/**
 * Lets this connection's role use the rights of `role`, which it created: own its objects, give and take in its name. A superuser
 * may anyway; since Postgres 16 anybody else who creates a role may administer it, but has to grant themselves its rights.
 */
export async function actFor(client: Pick<ClientBase, 'query'>, role: string): Promise<void> {
  const { rows } = await client.query<{ allowed: boolean }>(`SELECT pg_has_role($1, 'USAGE') AND pg_has_role($1, 'SET') AS allowed`, [
    role,
  ]);
  if (rows[0]?.allowed !== true) await client.query(`GRANT ${escapeIdentifier(role)} TO CURRENT_USER WITH INHERIT TRUE, SET TRUE`);
}
