import type { Principal } from '@tenantry/auth';
import { normaliseEmail } from '@tenantry/prisma';
import type { User } from '@tenantry/prisma/tenant';
import { ForbiddenError } from '@tenantry/service';
import type { UsersContext } from '../context.ts';
import { refuse } from '../errors.ts';
import { refuseDeactivated } from '../users/current-user.ts';
import { findUserByIdentity } from '../users/user-store.ts';
import { invitationStatus } from './invitation-status.ts';
import { linkInvitee, lockInviteeByEmail, type Invitee } from './invitation-store.ts';

/**
 * Makes the request's principal the user who was invited by its verified email: once, whoever else tries at the same time.
 *
 * @throws {RefusedError} {ForbiddenError}
 */
export async function acceptInvitation({ request }: UsersContext): Promise<{ user: User }> {
  if (request.tenantContext.impersonated) throw new ForbiddenError('An operator who acts in a tenant cannot become one of its users.');
  const principal = request.principal();
  const email = verifiedEmail(principal);
  const db = await request.dbForNonMember();
  return await db.$transaction(async (tx) => {
    if (refuseDeactivated(await findUserByIdentity(tx, principal))) refuseJoined();
    const invitee = checkOpen(await lockInviteeByEmail(tx, email));
    return { user: (await linkInvitee(tx, invitee, principal)) ?? refuseJoined() };
  });
}

function verifiedEmail({ email, emailVerified }: Principal): string {
  if (email === null || !emailVerified) return refuse('EMAIL_NOT_VERIFIED', 'Your identity provider has not verified your email address.');
  return normaliseEmail(email);
}

function checkOpen(invitee: Invitee | null): Invitee {
  if (!invitee?.invitation) return refuse('INVITATION_NOT_FOUND', 'There is no invitation for your email address.');
  const status = invitationStatus(invitee.invitation);
  if (status === 'ACCEPTED') refuse('INVITATION_ALREADY_ACCEPTED', 'This invitation was accepted already, by another account.');
  if (status === 'EXPIRED') refuse('INVITATION_EXPIRED', 'This invitation has expired: ask for another one.');
  return invitee;
}

function refuseJoined(): never {
  return refuse('ALREADY_JOINED', 'You are a user of this tenant already.');
}
