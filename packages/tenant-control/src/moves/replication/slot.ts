import { Client, escapeIdentifier, type ClientConfig } from 'pg';
import type { ClusterAdmin } from '../../clusters/cluster-admin.ts';
import { endSoon, sessionDefaults } from '../../postgres/connection.ts';

/** Milliseconds for the transactions of a whole server to end that were open when a slot is made. */
const slotDeadlineMs = 120_000;

/** As a walsender: only that tells of the snapshot. `pg` knows the parameter, its types do not. */
interface WalSenderConfig extends ClientConfig {
  readonly replication: 'database';
}

export interface SlotOptions {
  readonly database: string;
  readonly name: string;
  readonly signal: AbortSignal;
}

/**
 * Makes a slot, for which the server keeps all that is written in `database` from now on until it was read, and runs `work` with the name of
 * a snapshot of what was written before. One by this name, of an earlier attempt, is replaced.
 *
 * @throws when there was a transaction on that server that did not end, and the signal's reason
 */
export async function withSlot<Result>(
  admin: ClusterAdmin,
  options: SlotOptions,
  work: (snapshot: string) => Promise<Result>,
): Promise<Result> {
  await dropSlot(admin.pool, options.name);
  const config: WalSenderConfig = { ...sessionDefaults, connectionString: admin.url(options.database), replication: 'database' };
  const sender = new Client(config);
  // One that breaks while a slot is made fails that; later it is needed no more.
  sender.on('error', () => {});
  try {
    await sender.connect();
    return await work(await createSlot(admin, sender, options));
  } finally {
    endSoon(sender);
  }
}

/** With the connection that reads or makes it. */
export async function dropSlot(session: Pick<Client, 'query'>, slot: string): Promise<void> {
  await session.query(endSender, [slot]);
  await session.query('SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = $1', [slot]);
}

/** @returns name of the snapshot, which is there until the connection is used again or ends */
async function createSlot(admin: ClusterAdmin, sender: Client, { name, signal }: SlotOptions): Promise<string> {
  // Statement timeouts do not hold for a walsender, nor does it notice that its client has gone.
  const deadline = AbortSignal.timeout(slotDeadlineMs);
  const giveUp = () => void dropSlot(admin.pool, name).catch(() => {});
  const waiting = AbortSignal.any([signal, deadline]);
  waiting.addEventListener('abort', giveUp);
  try {
    const { rows } = await sender.query<SlotRow>(`CREATE_REPLICATION_SLOT ${escapeIdentifier(name)} LOGICAL pgoutput (SNAPSHOT 'export')`);
    return rows[0]?.snapshot_name ?? '';
  } catch (cause) {
    signal.throwIfAborted();
    if (!deadline.aborted) throw cause;
    throw new Error(
      `Replication begins when all transactions have ended that were open on the server of "${admin.name}", in whatever database, ` +
        `and one did not within ${slotDeadlineMs / 1000} s.`,
      { cause },
    );
  } finally {
    waiting.removeEventListener('abort', giveUp);
  }
}

interface SlotRow {
  readonly snapshot_name: string;
}

/** Waits until it has ended. */
const endSender = `
  SELECT pg_terminate_backend(active_pid, 5000) FROM pg_replication_slots WHERE slot_name = $1 AND active_pid IS NOT NULL`;
