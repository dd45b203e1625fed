import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import { listTables, quotedName } from '../../backups/tables.ts';
import { CopiesDifferError } from '../../errors.ts';
import { inTransaction } from '../../postgres/in-transaction.ts';
import { isLockTimeout } from '../../postgres/lock-timeout.ts';
import { compareSnapshots } from '../copies/compare-copies.ts';
import type { MoveStep, MoveWork } from '../move-work.ts';
import { replay } from '../replication/replay.ts';

/** Milliseconds that the tables are waited for. Less than `deadlock_timeout`, so that it is never another one who is given up. */
const lockMs = 200;
/** Milliseconds that the target gets to catch up while nobody writes. */
const replayMs = 500;
const attempts = 10;
const pauseMs = 500;

/**
 * Compares both copies by checksums while the tenant is served, as they are at one position of the source's log: whoever writes is held up
 * for a moment, until the target is there and both have been looked at. Where that moment is not to be had, it is left to the verification.
 */
export const rehearsalStep: MoveStep = {
  name: 'rehearsal',
  run: async (work) => {
    if (work.way !== 'REPLICATION') return;
    const copies = { source: await work.ownerUrl('source'), target: await work.ownerUrl('target'), ...work.longWork('rehearsal') };
    let isAligned = false;
    let start = 0;
    const { faults, rows, bytes } = await compareSnapshots(copies, async (takeBoth) => {
      isAligned = await alignedSoon(work, takeBoth);
      start = performance.now();
    });
    if (!isAligned) return;
    if (faults.length > 0) throw new CopiesDifferError(work.tenant.slug, faults);
    await work.remember({ rehearsalMs: Math.round(performance.now() - start), rows, bytes });
  },
  undo: async () => {},
};

/** @returns false when it was not possible; the snapshots were taken all the same */
async function alignedSoon(work: MoveWork, takeBoth: () => Promise<void>): Promise<boolean> {
  for (let attempt = 1; attempt <= attempts; attempt += 1) {
    if (await work.source.within(work.tenant.databaseName, async (client) => await aligned(work, client, takeBoth))) return true;
    await sleep(pauseMs, undefined, { signal: work.saga.signal });
  }
  await takeBoth();
  return false;
}

async function aligned(work: MoveWork, client: Client, takeBoth: () => Promise<void>): Promise<boolean> {
  const tables = await listTables(client);
  try {
    return await inTransaction(client, async () => {
      await client.query(`SET LOCAL lock_timeout = ${lockMs}`);
      if (tables.length > 0) await client.query(`LOCK TABLE ${tables.map(quotedName).join(', ')} IN SHARE MODE`);
      if (!(await replay(work, replayMs))) return false;
      await takeBoth();
      return true;
    });
  } catch (error) {
    if (isLockTimeout(error)) return false;
    throw error;
  }
}
