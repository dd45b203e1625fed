import { acceptsConnections } from '../../tenant-databases/database.ts';
import { dropRole } from '../../tenant-databases/drop-role.ts';
import type { MoveWork, Side } from '../move-work.ts';
import { replicationName } from './names.ts';
import { identifyByKey } from './replica-identity.ts';
import { unpublish } from './sender.ts';
import { unsubscribe } from './subscription.ts';

/**
 * Leaves nothing of a move's replication on either side, however far it had come. What the target has taken in, it keeps. Nothing is kept
 * for a target that does not answer any more: the source is left clean first, and then the failure is thrown.
 */
export async function endReplication(work: MoveWork): Promise<void> {
  // First, or it would ask for the slot again.
  const [received] = await Promise.allSettled([endReceiving(work)]);
  await work.middle();
  await endSending(work);
  if (received.status === 'rejected') throw received.reason;
}

async function endReceiving(work: MoveWork): Promise<void> {
  if (!(await isOpen(work, 'target'))) return;
  await work.within('target', async (client) => await unsubscribe(client, replicationName(work.saga.id)));
}

async function endSending(work: MoveWork): Promise<void> {
  const name = replicationName(work.saga.id);
  if (await isOpen(work, 'source')) {
    await work.within('source', async (client) => {
      await unpublish(client, name);
      for (const table of work.facts.identifiedByAll ?? []) await identifyByKey(client, table);
    });
  }
  await work.on('source', async (session) => await dropRole(work.source, session, name));
}

async function isOpen(work: MoveWork, side: Side): Promise<boolean> {
  return await acceptsConnections(work.cluster(side).pool, work.tenant.databaseName);
}
