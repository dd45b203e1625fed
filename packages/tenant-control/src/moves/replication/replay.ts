import type { MoveWork } from '../move-work.ts';
import { until } from '../until.ts';
import { replicationName } from './names.ts';

const lookIntervalMs = 10;

/**
 * Waits until the subscriber has all that was committed on the source by now.
 *
 * @returns false when it had not within `deadlineMs`
 */
export async function replay(work: MoveWork, deadlineMs: number): Promise<boolean> {
  const name = replicationName(work.saga.id);
  return await work.source.within(work.tenant.databaseName, async (client) => {
    // Its commit has everything before it be on disk, which is what is sent.
    await client.query(`SELECT pg_logical_emit_message(true, 'tenantry', 'caught up')`);
    const { rows } = await client.query<{ lsn: string }>('SELECT pg_current_wal_insert_lsn() AS lsn');
    const lsn = rows[0]?.lsn;
    const isThere = async () => (await client.query<{ isThere: boolean }>(hasReplayed, [name, lsn])).rows[0]?.isThere === true;
    return await until(isThere, { intervalMs: lookIntervalMs, deadlineMs, signal: work.saga.signal });
  });
}

/** Not everybody is told what the subscriber has applied; what it has on disk as well, everybody is. */
const hasReplayed = `
  SELECT greatest(confirmed_flush_lsn, replay_lsn) >= $2::pg_lsn AS "isThere"
  FROM pg_replication_slots LEFT JOIN pg_stat_replication ON pid = active_pid
  WHERE slot_name = $1`;
