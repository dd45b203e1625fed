import { closeDatabase } from '../../tenant-databases/closing.ts';
import type { MoveStep } from '../move-work.ts';
import { endReplication } from '../replication/end-replication.ts';

/** Nothing joins both databases any more, and nobody can connect to the one that the tenant has left. */
export const closingStep: MoveStep = {
  name: 'closing',
  run: async (work) => {
    await work.endStandIns();
    await endReplication(work);
    await work.on('source', async (session) => {
      if (await work.hasDatabase('source', session)) await closeDatabase(session, work.tenant.databaseName);
    });
  },
  undo: async () => {},
};
