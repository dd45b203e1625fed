import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from 'pg';
import type { MovePatience } from './patience.ts';

const lookIntervalMs = 20;

/** Looks in a row that have to find nobody: who was just let in shows a moment later. */
const quietLooks = 3;

interface Sessions {
  readonly all: number;
  readonly busy: number;
  /** Milliseconds since one of them began or ended a statement; null without any. */
  readonly quietMs: number | null;
}

/**
 * Waits until no session that signed in as `login` does anything, which ends its process's or its pooler's work: there are none, or none
 * has done anything for a while. Not for longer than `drainMs`.
 */
export async function waitUntilDrained(pool: Pick<Pool, 'query'>, login: string, patience: MovePatience): Promise<void> {
  const deadline = Date.now() + patience.drainMs;
  let empty = 0;
  while (Date.now() < deadline) {
    const { rows } = await pool.query<Sessions>(sessionsOf, [login]);
    const { all = 0, busy = 0, quietMs = null } = rows[0] ?? {};
    empty = all === 0 ? empty + 1 : 0;
    if (empty >= quietLooks || (busy === 0 && quietMs !== null && quietMs >= patience.quietMs)) return;
    await sleep(lookIntervalMs);
  }
}

const sessionsOf = `
  SELECT count(*)::int AS all, count(*) FILTER (WHERE state <> 'idle')::int AS busy,
    (extract(epoch FROM clock_timestamp() - max(state_change)) * 1000)::float AS "quietMs"
  FROM pg_stat_activity WHERE usename = $1`;
