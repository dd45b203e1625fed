import { escapeIdentifier, type ClientBase } from 'pg';
import { membershipOptions } from './membership.ts';

/**
 * Lets this connection's role use the rights of `role`, which it created: own its objects, give and take in its name. A superuser
 * may anyway; anybody else who creates a role has to grant themselves its rights.
 */
export async function actFor(client: Pick<ClientBase, 'query'>, role: string): Promise<void> {
  const { rows } = await client.query<{ allowed: boolean }>(
    `SELECT pg_has_role($1, 'USAGE') AND (current_setting('server_version_num')::int < 160000 OR pg_has_role($1, 'SET')) AS allowed`,
    [role],
  );
  if (rows[0]?.allowed === true) return;
  const options = await membershipOptions(client, 'INHERIT');
  await client.query(`GRANT ${escapeIdentifier(role)} TO CURRENT_USER ${options}`);
}
