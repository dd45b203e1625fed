import { defineTenantTask } from '@tenantry/subgraph-kit';
import { z } from 'zod';
import { deleteStaleInvitees } from './invitation-store.ts';

/** Days after which an invitation that has expired is not renewed any more: who never came is forgotten then. */
const keptDays = 90;
const millisecondsOfADay = 86_400_000;

/** Forgets people who were invited and never came: their address is not ours to keep. */
export const removeStaleInvitations = defineTenantTask({
  name: 'users.remove-stale-invitations',
  payload: z.strictObject({}),
  schedule: { cron: '23 4 * * *', payload: {} },
  run: async ({ db, logger }) => {
    const removed = await deleteStaleInvitees(await db(), new Date(Date.now() - keptDays * millisecondsOfADay));
    if (removed > 0) logger.info({ removed }, 'people who were invited and never came are forgotten');
  },
});
