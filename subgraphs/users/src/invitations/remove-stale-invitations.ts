import { defineTenantTask } from '@tenantry/subgraph-kit';
import { z } from 'zod';
import { userTopic } from '../users/user-changes.ts';
import { deleteStaleInvitees } from './invitation-store.ts';

/** Days after which an invitation that has expired is not renewed any more: who never came is forgotten then. */
const keptDays = 90;
const millisecondsOfADay = 86_400_000;

/** Forgets people who were invited and never came: their address is not ours to keep. */
export const removeStaleInvitations = defineTenantTask({
  name: 'users.remove-stale-invitations',
  payload: z.strictObject({}),
  schedule: { cron: '23 4 * * *', payload: {} },
  run: async ({ db, announce, logger }) => {
    const removed = await deleteStaleInvitees(await db(), new Date(Date.now() - keptDays * millisecondsOfADay));
    for (const id of removed) announce(userTopic, id);
    if (removed.length > 0) logger.info({ removed: removed.length }, 'people who were invited and never came are forgotten');
  },
});
