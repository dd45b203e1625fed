import type { User } from '@tenantry/prisma/tenant';
import { canonicalUuid } from '@tenantry/service';
import type { UsersContext } from '../context.ts';
import { refuse } from '../errors.ts';
import { checkOwnerRules } from './owner-rules.ts';
import { lockWithActiveOwners, updateUserById, type Standing } from './user-store.ts';

/**
 * Changes the role or status of the user with `id` to what `decide` makes of it, under the rules for owners. Concurrent changes
 * wait for each other.
 *
 * @throws {RefusedError} `USER_NOT_FOUND`, `LAST_OWNER`, or what `decide` throws
 * @throws {ForbiddenError}
 */
export async function changeStanding(
  { request }: UsersContext,
  id: string,
  decide: (before: Standing) => Partial<Pick<Standing, 'role' | 'status'>>,
): Promise<User> {
  const acting = await request.viewer.requireRole('ADMIN');
  const userId = canonicalUuid(id) ?? refuseUnknownUser();
  const db = await request.db();
  return await db.$transaction(async (tx) => {
    const locked = await lockWithActiveOwners(tx, userId);
    const before = locked.find((user) => user.id === userId) ?? refuseUnknownUser();
    const change = decide(before);
    checkOwnerRules(acting, before, { ...before, ...change }, locked);
    return (await updateUserById(tx, userId, change)) ?? refuseUnknownUser();
  });
}

export function refuseUnknownUser(field = 'id'): never {
  return refuse('USER_NOT_FOUND', 'There is no such user.', field);
}
