import { dropDatabase } from '../../tenant-databases/database.ts';
import { dropRoles } from '../../tenant-databases/drop-roles.ts';
import type { MoveStep } from '../move-work.ts';
import { endMove } from '../open-move.ts';

/**
 * Of a move that is reverted: the database that the tenant has left, closed since, makes room for what it is by now. From then on the
 * tenant has but one.
 */
export const oldCopyStep: MoveStep = {
  name: 'old copy',
  run: async (work) => {
    const { saga, tenant, input } = work;
    // What was made here since is no old copy.
    if (work.facts.isTargetOurs) return;
    await work.on('target', async (session) => {
      if (await work.hasDatabase('target', session)) await dropDatabase(session, tenant.databaseName);
      await work.middle();
      await dropRoles(work.cluster('target'), session, tenant);
    });
    await saga.commit(async (tx) => await endMove(tx, input.ends));
  },
  undo: async () => {},
};
