import type { Team } from '@tenantry/prisma/tenant';
import type { UsersContext } from '../context.ts';

/** The teams that a user is in, by name. */
export async function listTeamsOfUser(userId: string, { loaders }: UsersContext): Promise<Team[]> {
  const memberships = await loaders.memberships.load(userId);
  const teams = await Promise.all(memberships.map(async ({ teamId }) => await loaders.teams.load(teamId)));
  return teams.filter((team) => team !== null).toSorted((one, other) => compare(one.name, other.name));
}

function compare(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}
