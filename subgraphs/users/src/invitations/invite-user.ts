import { displayName, emailAddress } from '@tenantry/prisma';
import type { Invitation, User, UserRole } from '@tenantry/prisma/tenant';
import type { Acting } from '@tenantry/subgraph-kit';
import { z } from 'zod';
import type { UsersContext } from '../context.ts';
import type { Database } from '../database.ts';
import { refuse } from '../errors.ts';
import { parseInput } from '../mutation.ts';
import { requireOwner } from '../users/owner-rules.ts';
import { invitationStatus } from './invitation-status.ts';
import {
  insertInvitee,
  lockInviteeByEmail,
  readInvitationDays,
  replaceInvitation,
  updateInvitee,
  type Invitee,
} from './invitation-store.ts';

const millisecondsOfADay = 86_400_000;

const inviteUserInput = z.object({
  email: emailAddress,
  name: displayName.nullish(),
  role: z.enum(['MEMBER', 'ADMIN', 'OWNER']),
});

export type InviteUserInput = z.input<typeof inviteUserInput>;

interface Person {
  email: string;
  name: string | undefined;
  role: UserRole;
}

/** Invites somebody new, or renews an invitation that has expired. */
export async function inviteUser(input: InviteUserInput, { request }: UsersContext): Promise<{ user: User; invitation: Invitation }> {
  const acting = await request.viewer.requireRole('ADMIN');
  if (input.role === 'OWNER') requireOwner(acting);
  const { email, name, role } = parseInput(inviteUserInput, input, { email: 'INVALID_EMAIL', name: 'INVALID_NAME' });
  const person = { email, name: name ?? undefined, role };
  const db = await request.db();
  return await db.$transaction(async (tx) => {
    const user = (await insertInvitee(tx, { ...person, name: person.name ?? nameFrom(email) })) ?? (await renewInvitee(tx, person, acting));
    const expiresAt = new Date(Date.now() + (await readInvitationDays(tx)) * millisecondsOfADay);
    return { user, invitation: await replaceInvitation(tx, { userId: user.id, invitedById: acting.userId, expiresAt }) };
  });
}

async function renewInvitee(tx: Database, { email, name, role }: Person, acting: Acting): Promise<User> {
  const invitee = await lockInviteeByEmail(tx, email);
  if (!invitee) return refuse('ALREADY_INVITED', 'The invitation of this person is just being changed: try again.', 'email');
  checkRenewable(invitee);
  if (invitee.role === 'OWNER') requireOwner(acting);
  return await updateInvitee(tx, invitee.id, { ...(name && { name }), role });
}

function checkRenewable({ status, invitation }: Invitee): void {
  if (status === 'ACTIVE') refuse('EMAIL_TAKEN', 'Somebody with this email is a user already.', 'email');
  if (status === 'DEACTIVATED') refuse('EMAIL_TAKEN', 'The user with this email is deactivated: reactivate them.', 'email');
  if (invitation && invitationStatus(invitation) === 'PENDING') {
    refuse('ALREADY_INVITED', 'This person has an invitation that has not expired yet.', 'email');
  }
}

function nameFrom(email: string): string {
  return email.slice(0, email.lastIndexOf('@'));
}
