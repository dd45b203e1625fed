import { setTimeout as sleep } from 'node:timers/promises';
import type { ClientBase } from 'pg';

type Administrator = Pick<ClientBase, 'query'>;

const endDeadlineMs = 5_000;
const looks = 20;
const lookIntervalMs = 50;

/** Sessions on the cluster that signed in as `role`, whatever role they act as. */
export async function countSessions(administrator: Administrator, role: string): Promise<number> {
  const { rows } = await administrator.query<{ count: number }>('SELECT count(*)::int AS count FROM pg_stat_activity WHERE usename = $1', [
    role,
  ]);
  return rows[0]?.count ?? 0;
}

/**
 * Ends all sessions that signed in as `role`, which cannot sign in any more. One that was just signing in shows a moment later, so that
 * there are none once two looks in a row have found none.
 *
 * @throws when some stay
 */
export async function endSessions(administrator: Administrator, role: string): Promise<void> {
  let foundNone = false;
  for (let look = 0; look < looks; look += 1) {
    const { rowCount } = await administrator.query(
      'SELECT pg_terminate_backend(pid, $2) FROM pg_stat_activity WHERE usename = $1 AND pid <> pg_backend_pid()',
      [role, endDeadlineMs],
    );
    if (rowCount === 0 && foundNone) return;
    foundNone = rowCount === 0;
    await sleep(lookIntervalMs);
  }
  throw new Error(`Sessions of the role ${role} could not be ended.`);
}
