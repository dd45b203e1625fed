import { setTimeout as sleep } from 'node:timers/promises';
import type { ClientBase } from 'pg';

type Administrator = Pick<ClientBase, 'query'>;

/** Milliseconds that Postgres gets to end one session. */
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
 * Ends all sessions that signed in as `role`, which cannot sign in any more.
 *
 * @throws when some stay
 */
export async function endSessions(administrator: Administrator, role: string): Promise<void> {
  await endAll(administrator, 'FROM pg_stat_activity WHERE usename = $1 AND pid <> pg_backend_pid()', role);
}

/**
 * Ends sessions of a kind that no others follow. One that was just signing in shows a moment later, so that there are none once two looks in
 * a row have found none.
 *
 * @param sessions the rest of a query of them by `name`
 * @throws when some stay
 */
export async function endAll(administrator: Administrator, sessions: string, name: string): Promise<void> {
  let foundNone = false;
  for (let look = 0; look < looks; look += 1) {
    const { rowCount } = await administrator.query(`SELECT pg_terminate_backend(pid, ${endDeadlineMs}) ${sessions}`, [name]);
    if (rowCount === 0 && foundNone) return;
    foundNone = rowCount === 0;
    await sleep(lookIntervalMs);
  }
  throw new Error(`The sessions of ${name} could not be ended.`);
}
