import { dropDatabase } from '../../tenant-databases/database.ts';
import { dropRoles } from '../../tenant-databases/drop-roles.ts';
import type { MoveStep } from '../move-work.ts';
import { endMove } from '../open-move.ts';

/** The database that the tenant has left, and its roles there, are dropped. There is no way back. */
export const oldDatabaseStep: MoveStep = {
  name: 'old database',
  run: async (work) => {
    const { tenant, saga, input } = work;
    await work.on('source', async (session) => {
      if (await work.hasDatabase('source', session)) await dropDatabase(session, tenant.databaseName);
      await work.middle();
      await dropRoles(work.cluster('source'), session, tenant);
    });
    await saga.commit(async (tx) => {
      await endMove(tx, input.ends);
      await endMove(tx, saga.id);
    });
  },
  undo: async () => {},
};
