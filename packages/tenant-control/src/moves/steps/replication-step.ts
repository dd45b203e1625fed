import { setTimeout as sleep } from 'node:timers/promises';
import { withConnection } from '../../postgres/connection.ts';
import type { MoveStep } from '../move-work.ts';
import { replicationName } from '../replication/names.ts';
import { readCopyState } from '../replication/subscription.ts';

const lookIntervalMs = 200;

/** Waits until the target has all that was there, and takes in what changes. The tenant is served meanwhile. */
export const replicationStep: MoveStep = {
  name: 'replication',
  run: async (work) => {
    if (work.way !== 'REPLICATION') return;
    const { signal } = work.longWork('replication');
    const name = replicationName(work.saga.id);
    await work.middle();
    await work.target.within(work.tenant.databaseName, async (client) => {
      for (;;) {
        const state = await readCopyState(client, name);
        if (!state?.isEnabled) throw new Error(`The subscription ${name} was given up: the log of "${work.input.to}" says why.`);
        const { done, total, rows } = state;
        work.report('replication', { table: '', tables: { done, total }, bytes: 0, rows });
        if (done === total) break;
        await sleep(lookIntervalMs, undefined, { signal });
        signal.throwIfAborted();
      }
    });
    // Nobody has told the planner of these rows.
    await withConnection(await work.ownerUrl('target'), async (client) => void (await client.query('ANALYZE')));
  },
  undo: async () => {},
};
