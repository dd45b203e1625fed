import type { Team } from '@tenantry/prisma/tenant';
import { cursorText, parsePage, toConnection, type Connection, type Ordering, type PageArguments } from '@tenantry/subgraph-kit';
import { z } from 'zod';
import type { UsersContext } from '../context.ts';
import type { Person } from '../users/user-store.ts';
import { countTeams, findTeamPage } from './team-store.ts';

const byName: Ordering<Team, string> = { name: 'teams:name', values: cursorText, valuesOf: (team) => team.name };

/** As the primary key of memberships has them: ids of version 7 grow with time, so that is the oldest user first. */
const byId: Ordering<Person, null> = { name: 'team-members:id', values: z.null(), valuesOf: () => null };

export async function listTeams(args: PageArguments, { request, loaders }: UsersContext): Promise<Connection<Team>> {
  const page = parsePage(args, byName);
  const db = await request.db();
  const teams = await findTeamPage(db, page);
  for (const team of teams) loaders.teams.prime(team.id, team);
  return toConnection(teams, page, byName, async () => await countTeams(db));
}

export async function listMembers(teamId: string, args: PageArguments, context: UsersContext): Promise<Connection<Person>> {
  const page = parsePage(args, byId);
  const memberships = await context.loaders.memberPages(page).load(teamId);
  const members = await Promise.all(memberships.map(async ({ userId }) => await context.loaders.users.load(userId)));
  const present = members.filter((member) => member !== null);
  return toConnection(present, page, byId, async () => await countMembersOf(teamId, context));
}

export async function countMembersOf(teamId: string, { loaders }: UsersContext): Promise<number> {
  return (await loaders.memberCounts.load(teamId))?.count ?? 0;
}
