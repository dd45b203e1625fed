import { Prisma, type Team } from '@tenantry/prisma/tenant';
import type { Page } from '@tenantry/subgraph-kit';
import type { TenantDb } from '@tenantry/tenant-pool';
import type { Database } from '../database.ts';
import { beyond, readingDirection } from '../keyset.ts';

export async function findTeamsByIds(db: Database, ids: string[]): Promise<Team[]> {
  return await db.team.findMany({ where: { id: { in: ids } } });
}

/** A team, and a user who is in it. */
export interface TeamOfUser extends Pick<Team, 'id' | 'name' | 'createdAt'> {
  readonly userId: string;
}

/** The teams that each user is in, in no order. */
export async function findTeamsOfUsers(db: TenantDb, userIds: string[]): Promise<TeamOfUser[]> {
  // One statement, where a read of the memberships with their teams would be two.
  return await db.$read<TeamOfUser>(Prisma.sql`
    SELECT member.user_id AS "userId", team.id, team.name, team.created_at AS "createdAt"
    FROM team_members AS member JOIN teams AS team ON team.id = member.team_id
    WHERE member.user_id = ANY(${userIds}::uuid[])`);
}

/** Teams by name, which is unique. */
export async function findTeamPage(db: Database, page: Page<string>): Promise<Team[]> {
  const direction = readingDirection('ASC', page);
  const where: Prisma.TeamWhereInput = page.position ? { name: beyond(page.position.values, direction) } : {};
  return await db.team.findMany({ where, orderBy: { name: direction }, take: page.limit + 1 });
}

export async function countTeams(db: Database): Promise<number> {
  return await db.team.count();
}

/** @returns null when the name is taken */
export async function insertTeam(db: Database, name: string): Promise<Team | null> {
  const [team] = await db.team.createManyAndReturn({ data: [{ name }], skipDuplicates: true });
  return team ?? null;
}
