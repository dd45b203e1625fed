import { tablesWithoutIdentity } from '../plan/database-facts.ts';
import type { MoveStep } from '../move-work.ts';
import { endReplication } from '../replication/end-replication.ts';
import { replicationName } from '../replication/names.ts';
import { identifyByAll } from '../replication/replica-identity.ts';
import { publish } from '../replication/sender.ts';

/** The source tells of all that is written to its tables, whoever has a slot for that. */
export const publicationStep: MoveStep = {
  name: 'publication',
  run: async (work) => {
    if (work.way !== 'REPLICATION') return;
    await work.within('source', async (client) => {
      const keyless = await tablesWithoutIdentity(client);
      // Known before it is done, so that it can be undone. Those of an earlier attempt are not found any more.
      if (keyless.length > 0) await work.remember({ identifiedByAll: [...(work.facts.identifiedByAll ?? []), ...keyless] });
      // First: a published table whose rows have no identity takes no change.
      for (const table of keyless) await identifyByAll(client, table);
      await work.middle();
      await publish(client, replicationName(work.saga.id));
    });
  },
  undo: endReplication,
};
