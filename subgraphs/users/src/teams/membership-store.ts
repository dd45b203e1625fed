import { Prisma, type TeamMember } from '@tenantry/prisma/tenant';
import type { Page } from '@tenantry/subgraph-kit';
import type { Database } from '../database.ts';
import { inSql, readingDirection } from '../keyset.ts';

/** Who is in which team. */
export type Membership = Pick<TeamMember, 'teamId' | 'userId'>;

export interface MemberCount {
  readonly teamId: string;
  readonly count: number;
}

/** Teams without members are left out. */
export async function countMembers(db: Database, teamIds: string[]): Promise<MemberCount[]> {
  const groups = await db.teamMember.groupBy({ by: ['teamId'], where: { teamId: { in: teamIds } }, _count: true });
  return groups.map(({ teamId, _count: count }) => ({ teamId, count }));
}

/** One page of the members of each team, in one statement: by user, as the primary key has them. */
export async function findMemberPage(db: Database, teamIds: string[], page: Page<null>): Promise<Membership[]> {
  const { order, isBeyond } = inSql[readingDirection('ASC', page)];
  const beyondPosition = page.position ? Prisma.sql`AND user_id ${isBeyond} ${page.position.id}::uuid` : Prisma.empty;
  return await db.$queryRaw<Membership[]>`
    SELECT page.team_id AS "teamId", page.user_id AS "userId"
    FROM unnest(${teamIds}::uuid[]) AS wanted (team_id)
    CROSS JOIN LATERAL (
      SELECT team_id, user_id FROM team_members
      WHERE team_id = wanted.team_id ${beyondPosition}
      ORDER BY user_id ${order}
      LIMIT ${page.limit + 1}
    ) AS page`;
}

/** @returns false when the user is in the team already */
export async function insertMembership(db: Database, membership: Membership): Promise<boolean> {
  const { count } = await db.teamMember.createMany({ data: [membership], skipDuplicates: true });
  return count > 0;
}

/** @returns false when the user is not in the team */
export async function deleteMembership(db: Database, membership: Membership): Promise<boolean> {
  const { count } = await db.teamMember.deleteMany({ where: membership });
  return count > 0;
}
