import type { User } from '@tenantry/prisma/tenant';
import type { Database } from '../database.ts';
import { teamNames, type DemoPerson } from './people.ts';

/** Who owns a demo tenant, and the token that speaks for them. */
export interface DemoOwner {
  readonly issuer: string;
  readonly subject: string;
  readonly email: string;
  readonly name: string;
}

/** Before everybody else. */
const ownerDaysAgo = 800;

/** @returns null when there is somebody with the owner's email already */
export async function insertOwner(tx: Database, owner: DemoOwner): Promise<User | null> {
  const [user] = await tx.user.createManyAndReturn({
    data: [{ ...owner, role: 'OWNER', status: 'ACTIVE', createdAt: daysAgo(ownerDaysAgo) }],
    skipDuplicates: true,
  });
  return user ?? null;
}

/** @returns the ids of the people, by email */
export async function insertPeople(tx: Database, people: readonly DemoPerson[], issuer: string): Promise<Map<string, string>> {
  const users = await tx.user.createManyAndReturn({
    data: people.map(({ email, name, role, status, subject, daysAgo: days }) => {
      return { email, name, role, status, subject, issuer: subject && issuer, createdAt: daysAgo(days) };
    }),
    select: { id: true, email: true },
  });
  return new Map(users.map(({ id, email }) => [email, id]));
}

/** @returns the ids of the teams, by name */
export async function insertTeams(tx: Database): Promise<Map<string, string>> {
  const teams = await tx.team.createManyAndReturn({ data: teamNames.map((name) => ({ name })), select: { id: true, name: true } });
  return new Map(teams.map(({ id, name }) => [name, id]));
}

export async function insertMemberships(tx: Database, memberships: { teamId: string; userId: string }[]): Promise<void> {
  await tx.teamMember.createMany({ data: memberships });
}

export async function insertInvitations(
  tx: Database,
  invitations: { userId: string; invitedById: string; createdDaysAgo: number; daysToExpiry: number; isAccepted: boolean }[],
): Promise<void> {
  await tx.invitation.createMany({
    data: invitations.map(({ userId, invitedById, createdDaysAgo, daysToExpiry, isAccepted }) => {
      const createdAt = daysAgo(createdDaysAgo);
      return {
        userId,
        invitedById,
        createdAt,
        expiresAt: daysAgo(createdDaysAgo - daysToExpiry),
        acceptedAt: isAccepted ? createdAt : null,
      };
    }),
  });
}

function daysAgo(days: number): Date {
  return new Date(Date.now() - days * 86_400_000);
}
