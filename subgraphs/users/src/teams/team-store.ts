import type { Prisma, Team } from '@tenantry/prisma/tenant';
import type { Page } from '@tenantry/subgraph-kit';
import type { Database } from '../database.ts';
import { beyond, readingDirection } from '../keyset.ts';

export async function findTeamsByIds(db: Database, ids: string[]): Promise<Team[]> {
  return await db.team.findMany({ where: { id: { in: ids } } });
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
