import type { User } from '@tenantry/prisma/tenant';
import type { UsersContext } from '../context.ts';
import { refuse } from '../errors.ts';
import { changeStanding } from './change-standing.ts';
import type { Standing } from './user-store.ts';

/** Deactivating somebody twice is deactivating them once. */
export async function deactivateUser(id: string, context: UsersContext): Promise<{ user: User }> {
  return { user: await setStatus(id, 'DEACTIVATED', context) };
}

/** Undoes {@link deactivateUser}: the user's tokens are good again, with the role and teams that they had. */
export async function reactivateUser(id: string, context: UsersContext): Promise<{ user: User }> {
  return { user: await setStatus(id, 'ACTIVE', context) };
}

async function setStatus(id: string, status: 'ACTIVE' | 'DEACTIVATED', context: UsersContext): Promise<User> {
  return await changeStanding(context, id, (before) => {
    requireJoined(before);
    return { status };
  });
}

function requireJoined({ status }: Standing): void {
  if (status !== 'INVITED') return;
  refuse('USER_NOT_JOINED', 'This person has not accepted their invitation yet: revoke it instead.', 'id');
}
