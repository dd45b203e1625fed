import type { MoveStep, MoveWork } from '../move-work.ts';
import { endReplication } from '../replication/end-replication.ts';
import { replicationName } from '../replication/names.ts';
import { makeSenderLogin } from '../replication/sender.ts';
import { isReceiving, subscribe, SubscriptionRefusedError } from '../replication/subscription.ts';

/** The target is able to take in what the source publishes. Where it is not, all is copied later, unless it has to be this way. */
export const subscriptionStep: MoveStep = {
  name: 'subscription',
  run: async (work) => {
    // Whoever began to fall back may have been killed over it.
    if (work.way !== 'REPLICATION') return await endReplication(work);
    try {
      await subscribeOnce(work);
    } catch (error) {
      if (!(error instanceof SubscriptionRefusedError) || work.input.isForced) throw error;
      const reason = `the server of "${work.input.to}" could not read from that of "${work.input.from}": ${error.message}`;
      await work.remember({ way: 'DUMP', reason });
      // What is not read would be kept for ever.
      await endReplication(work);
    }
  },
  undo: endReplication,
};

async function subscribeOnce(work: MoveWork): Promise<void> {
  const { saga, tenant, source } = work;
  const name = replicationName(saga.id);
  const isThere = await work.within('target', async (client) => (await isReceiving(client, name)) !== null);
  if (isThere) return;
  const login = await work.within('source', async (client) => await makeSenderLogin(client, tenant, name));
  await work.middle();
  await work.within('target', async (client) => {
    await subscribe(client, { name, sourceUrl: source.url(tenant.databaseName), ...login });
  });
}
