import type { UsersContext } from '../context.ts';
import type { TeamOfUser } from './team-store.ts';

/** The teams that a user is in, by name. */
export async function listTeamsOfUser(userId: string, { loaders }: UsersContext): Promise<TeamOfUser[]> {
  return (await loaders.teamsOfUsers.load(userId)).toSorted((one, other) => compare(one.name, other.name));
}

function compare(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}
