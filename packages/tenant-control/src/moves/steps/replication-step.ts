import { copyDatabase } from '../copies/copy-database.ts';
import type { MoveStep, MoveWork } from '../move-work.ts';
import { replicationName } from '../replication/names.ts';
import { withSlot } from '../replication/slot.ts';
import { isReceiving, receive } from '../replication/subscription.ts';

/**
 * The target gets all that was there when the slot was made, and takes in what changes since. The tenant is served meanwhile. The rows are
 * copied by the roles that own them on either side, so that nothing of the tenant's runs with another one's rights.
 */
export const replicationStep: MoveStep = {
  name: 'replication',
  run: async (work) => {
    if (work.way !== 'REPLICATION') return;
    const name = replicationName(work.saga.id);
    // Holds off a copy that a dead process has begun: Postgres may not have noticed yet.
    await work.within('target', async (client) => {
      if (await isReceiving(client, name)) return;
      await copyWhatIsThere(work, name);
      await work.middle();
      await receive(client, name);
    });
  },
  undo: async () => {},
};

async function copyWhatIsThere(work: MoveWork, name: string): Promise<void> {
  const [from, to] = [await work.ownerUrl('source'), await work.ownerUrl('target')];
  const longWork = work.longWork('replication');
  await withSlot(work.source, { database: work.tenant.databaseName, name, signal: longWork.signal }, async (snapshot) => {
    await copyDatabase({ from, to, snapshot, ...longWork });
  });
}
