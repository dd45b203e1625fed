import { refreshViews } from '../../backups/restore-tables.ts';
import { withSession, withSnapshot } from '../../backups/session.ts';
import { inTransaction } from '../../postgres/in-transaction.ts';
import { copyDatabase, copySequences } from '../copies/copy-database.ts';
import type { MoveStep, MoveWork } from '../move-work.ts';
import { replay } from '../replication/replay.ts';

/** What is missing on the target yet, which nobody adds to any more: the last writes and the sequences, or all of it. */
export const transferStep: MoveStep = {
  name: 'transfer',
  run: async (work) => await (work.way === 'REPLICATION' ? takeInTheRest(work) : copyAll(work)),
  undo: async () => {},
};

/** Neither sequences nor what materialized views hold is replicated. */
async function takeInTheRest(work: MoveWork): Promise<void> {
  const { replayMs } = work.services.patience;
  if (!(await replay(work, replayMs))) {
    throw new Error(`The server of "${work.input.to}" did not take in the last writes within ${replayMs} ms.`);
  }
  await work.middle();
  const [from, to] = [await work.ownerUrl('source'), await work.ownerUrl('target')];
  await withSnapshot(from, undefined, async (source) => {
    await withSession(to, undefined, async (target) => {
      await inTransaction(target, async () => {
        await copySequences(source, target);
        await refreshViews(target);
      });
    });
  });
}

async function copyAll(work: MoveWork): Promise<void> {
  const [from, to] = [await work.ownerUrl('source'), await work.ownerUrl('target')];
  const onProgress = work.longWork('transfer').onProgress;
  await work.middle();
  // Holds off a copy that a dead process has begun: Postgres may not have noticed yet.
  await work.within('target', async () => {
    work.copied = await copyDatabase({ from, to, onProgress, signal: work.saga.signal });
  });
}
