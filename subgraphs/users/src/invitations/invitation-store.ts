import type { Principal } from '@tenantry/auth';
import { Prisma, type Invitation, type User, type UserRole } from '@tenantry/prisma/tenant';
import type { CursorPosition, Page } from '@tenantry/subgraph-kit';
import type { TenantDb } from '@tenantry/tenant-pool';
import type { Database } from '../database.ts';
import { beyond, fromOn, readingDirection, type Direction } from '../keyset.ts';
import type { InvitationStatus } from './invitation-status.ts';

export async function findInvitationsByIds(db: Database, ids: string[]): Promise<Invitation[]> {
  return await db.invitation.findMany({ where: { id: { in: ids } } });
}

/** The latest first, those of one moment by id. Positions hold when an invitation was made. */
export async function findInvitationPage(db: Database, status: InvitationStatus | null, page: Page<string>): Promise<Invitation[]> {
  const direction = readingDirection('DESC', page);
  return await db.invitation.findMany({
    where: { AND: [withStatus(status), page.position ? after(page.position, direction) : {}] },
    orderBy: [{ createdAt: direction }, { id: direction }],
    take: page.limit + 1,
  });
}

function after({ values, id }: CursorPosition<string>, direction: Direction): Prisma.InvitationWhereInput {
  return { createdAt: fromOn(values, direction), OR: [{ createdAt: beyond(values, direction) }, { id: beyond(id, direction) }] };
}

export async function countInvitations(db: Database, status: InvitationStatus | null): Promise<number> {
  return await db.invitation.count({ where: withStatus(status) });
}

/** As `invitationStatus` has it, as a condition. */
function withStatus(status: InvitationStatus | null): Prisma.InvitationWhereInput {
  if (status === null) return {};
  if (status === 'ACCEPTED') return { acceptedAt: { not: null } };
  return { acceptedAt: null, expiresAt: status === 'EXPIRED' ? { lte: new Date() } : { gt: new Date() } };
}

/** Somebody who is, or was, invited. */
export type Invitee = User & { readonly invitation: Invitation | null };

/** @returns null when the email belongs to a user already */
export async function insertInvitee(tx: Database, invitee: { email: string; name: string; role: UserRole }): Promise<User | null> {
  const [user] = await tx.user.createManyAndReturn({ data: [{ ...invitee, status: 'INVITED' }], skipDuplicates: true });
  return user ?? null;
}

/** The user with this email, whom no other transaction can change before this one ends. */
export async function lockInviteeByEmail(tx: Database, email: string): Promise<Invitee | null> {
  return await findLocked(tx, await tx.$queryRaw<Locked[]>`SELECT id FROM users WHERE email = ${email} FOR UPDATE`);
}

/** As {@link lockInviteeByEmail}, by the id of an invitation. */
export async function lockInviteeByInvitation(tx: Database, invitationId: string): Promise<Invitee | null> {
  const locked = await tx.$queryRaw<Locked[]>`
    SELECT invitee.id FROM users AS invitee JOIN invitations ON invitations.user_id = invitee.id
    WHERE invitations.id = ${invitationId}::uuid
    FOR UPDATE OF invitee`;
  return await findLocked(tx, locked);
}

export async function updateInvitee(tx: Database, id: string, changes: { name?: string; role: UserRole }): Promise<User> {
  return await tx.user.update({ where: { id }, data: changes });
}

/** Gives a user the one invitation that they have from now on. */
export async function replaceInvitation(
  tx: Database,
  invitation: Pick<Invitation, 'userId' | 'invitedById' | 'expiresAt'>,
): Promise<Invitation> {
  await tx.invitation.deleteMany({ where: { userId: invitation.userId } });
  return await tx.invitation.create({ data: invitation });
}

/**
 * Makes an invited user the one that `principal` speaks for.
 *
 * @returns null when the principal speaks for another user; the transaction is then of no more use
 */
export async function linkInvitee(tx: Database, { id }: User, { issuer, subject }: Principal): Promise<User | null> {
  await tx.invitation.update({ where: { userId: id }, data: { acceptedAt: new Date() } });
  try {
    return await tx.user.update({ where: { id }, data: { issuer, subject, status: 'ACTIVE' } });
  } catch (error) {
    if (error instanceof Prisma.PrismaClientKnownRequestError && error.code === uniqueViolation) return null;
    throw error;
  }
}

/** Removes an invited user with their invitation and memberships. */
export async function deleteInvitee(tx: Database, { id }: User): Promise<void> {
  await tx.user.delete({ where: { id } });
}

/**
 * Removes, as {@link deleteInvitee} does, whose invitation expired before `instant`. One that is just being renewed is left alone.
 *
 * @returns the ids of those who were removed
 */
export async function deleteStaleInvitees(db: TenantDb, instant: Date): Promise<string[]> {
  return await db.$transaction(async (tx) => {
    const locked = await tx.$queryRaw<Locked[]>`
      SELECT invitee.id FROM users AS invitee JOIN invitations ON invitations.user_id = invitee.id
      WHERE invitee.status = 'INVITED' AND invitations.accepted_at IS NULL AND invitations.expires_at < ${instant}
      LIMIT ${mostDeleted} FOR UPDATE OF invitee SKIP LOCKED`;
    // Looked at again, now that nobody changes them.
    const removed = await tx.$queryRaw<Locked[]>`
      DELETE FROM users AS invitee USING invitations
      WHERE invitations.user_id = invitee.id AND invitee.id = ANY(${locked.map(({ id }) => id)}::uuid[])
        AND invitee.status = 'INVITED' AND invitations.accepted_at IS NULL AND invitations.expires_at < ${instant}
      RETURNING invitee.id`;
    return removed.map(({ id }) => id);
  });
}

/** Days until an invitation expires, from the tenant's settings. */
export async function readInvitationDays(db: Database): Promise<number> {
  const { invitationDays } = await db.tenantSettings.findFirstOrThrow({ where: { id: 1 } });
  return invitationDays;
}

/** Prisma's code for a violated unique constraint. */
const uniqueViolation = 'P2002';

/** People who are removed in one go at most. */
const mostDeleted = 1000;

interface Locked {
  id: string;
}

/** Read by a statement of its own, which sees what was committed while the lock was waited for. */
async function findLocked(tx: Database, [locked]: readonly Locked[]): Promise<Invitee | null> {
  return locked ? await tx.user.findFirst({ where: { id: locked.id }, include: { invitation: true } }) : null;
}
