import type { ClientBase } from 'pg';

/** The version of a server, 15 for 15.8. */
export async function serverVersion(client: Pick<ClientBase, 'query'>): Promise<number> {
  const { rows } = await client.query<{ version: number }>(`SELECT current_setting('server_version_num')::int / 10000 AS version`);
  return rows[0]?.version ?? 0;
}
