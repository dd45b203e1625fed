import { ConflictError } from '@tenantry/service';
import { transitions } from '../../tenant-status.ts';
import type { MoveStep } from '../move-work.ts';

/**
 * From here on the tenant is on the target. The version of its credentials counts up, though they stay the same: a process that still
 * believes otherwise is refused where the tenant was, looks again, and sees that it has to try anew.
 */
export const switchStep: MoveStep = {
  name: 'switch',
  run: async ({ saga, tenant: { id, slug }, input, middle }) => {
    const { from, to, tier } = input;
    await saga.commit(async (tx) => {
      const { count } = await tx.tenant.updateMany({
        where: { id, clusterName: from, status: { in: [...transitions.finishMigrating.from] } },
        data: { clusterName: to, tier: tier.to, status: transitions.finishMigrating.to, credentialVersion: { increment: 1 } },
      });
      if (count === 0) {
        const isDone = (await tx.tenant.count({ where: { id, clusterName: to } })) > 0;
        if (!isDone) throw new ConflictError(`The tenant "${slug}" is not as it was when its move began.`);
      }
      const leftOn = JSON.stringify({ leftOn: from });
      await tx.$executeRaw`UPDATE sagas SET data = data || ${leftOn}::jsonb WHERE id = ${saga.id}::uuid`;
      await middle();
    });
  },
  undo: async () => {},
};
