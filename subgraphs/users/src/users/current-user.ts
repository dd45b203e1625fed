import { ForbiddenError } from '@tenantry/service';
import type { UsersContext } from '../context.ts';
import { findUserByIdentity, type Person } from './user-store.ts';

/**
 * The user that the request's token speaks for; null while it is linked to none, and for an operator.
 *
 * @throws {ForbiddenError} when that user is deactivated
 */
export async function findCurrentUser({ request }: UsersContext): Promise<Person | null> {
  const member = await request.viewer.member();
  if (member || request.tenantContext.impersonated) return member;
  const db = await request.dbForNonMember();
  return refuseDeactivated(await findUserByIdentity(db, request.principal()));
}

/** @throws {ForbiddenError} when `user` is deactivated */
export function refuseDeactivated(user: Person | null): Person | null {
  if (user?.status !== 'DEACTIVATED') return user;
  throw new ForbiddenError('Your account in this tenant is deactivated: ask one of its admins.');
}
