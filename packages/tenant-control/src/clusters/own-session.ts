import type { Client } from 'pg';
import type { ClusterAdmin } from './cluster-admin.ts';

/**
 * Runs `work` with a connection of its own to the administrator's database, for what lasts: whoever wants one of the pool's does not wait
 * for it. Advisory locks are each database's own, so that those taken here are known by all who look there; with the connection they are gone.
 */
export async function withOwnSession<Result>(
  { pool, within }: Pick<ClusterAdmin, 'pool' | 'within'>,
  work: (session: Client) => Promise<Result>,
): Promise<Result> {
  const { rows } = await pool.query<{ database: string }>('SELECT current_database() AS database');
  return await within(rows[0]?.database ?? '', work);
}
