import { canonicalUuid } from '@tenantry/service';
import type { UsersContext } from '../context.ts';
import { refuse } from '../errors.ts';
import { requireOwner } from '../users/owner-rules.ts';
import { announceUser } from '../users/user-changes.ts';
import { deleteInvitee, lockInviteeByInvitation } from './invitation-store.ts';

/** Withdraws an invitation that was not accepted, expired or not, with the user that it made. */
export async function revokeInvitation(id: string, context: UsersContext): Promise<{ revokedInvitationId: string }> {
  const { request } = context;
  const acting = await request.viewer.requireRole('ADMIN');
  const invitationId = canonicalUuid(id) ?? refuseUnknownInvitation();
  const db = await request.db();
  const removed = await db.$transaction(async (tx) => {
    const invitee = await lockInviteeByInvitation(tx, invitationId);
    if (invitee?.invitation?.id !== invitationId) return refuseUnknownInvitation();
    if (invitee.invitation.acceptedAt)
      refuse('INVITATION_ALREADY_ACCEPTED', 'This invitation was accepted: deactivate the user instead.', 'id');
    if (invitee.role === 'OWNER') requireOwner(acting);
    await deleteInvitee(tx, invitee);
    return invitee;
  });
  announceUser(removed.id, context);
  return { revokedInvitationId: invitationId };
}

function refuseUnknownInvitation(): never {
  return refuse('INVITATION_NOT_FOUND', 'There is no such invitation.', 'id');
}
