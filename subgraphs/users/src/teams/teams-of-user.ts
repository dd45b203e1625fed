import type { Team } from '@tenantry/prisma/tenant';
import type { UsersContext } from '../context.ts';

/** The teams that a user is in, by name. */
export async function listTeamsOfUser(userId: string, { loaders }: UsersContext): Promise<Team[]> {
  return (await loaders.teamsOfUsers.load(userId)).toSorted((one, other) => compare(one.name, other.name));
}

function compare(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}
