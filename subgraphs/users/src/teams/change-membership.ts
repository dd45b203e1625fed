import type { Team } from '@tenantry/prisma/tenant';
import type { UsersContext } from '../context.ts';
import { refuse } from '../errors.ts';
import { refuseUnknownUser } from '../users/change-standing.ts';
import type { Person } from '../users/user-store.ts';
import { deleteMembership, insertMembership } from './membership-store.ts';

export interface TeamMemberInput {
  teamId: string;
  userId: string;
}

export async function addTeamMember(input: TeamMemberInput, context: UsersContext): Promise<{ team: Team; user: Person }> {
  const { team, user } = await findBoth(input, context);
  const wasAdded = await insertMembership(await context.request.db(), { teamId: team.id, userId: user.id });
  if (!wasAdded) refuse('ALREADY_MEMBER_OF_TEAM', `${user.name} is in ${team.name} already.`, 'userId');
  return { team, user };
}

export async function removeTeamMember(input: TeamMemberInput, context: UsersContext): Promise<{ team: Team; user: Person }> {
  const { team, user } = await findBoth(input, context);
  const wasRemoved = await deleteMembership(await context.request.db(), { teamId: team.id, userId: user.id });
  if (!wasRemoved) refuse('NOT_MEMBER_OF_TEAM', `${user.name} is not in ${team.name}.`, 'userId');
  return { team, user };
}

async function findBoth({ teamId, userId }: TeamMemberInput, { request, loaders }: UsersContext): Promise<{ team: Team; user: Person }> {
  await request.viewer.requireRole('ADMIN');
  const [team, user] = await Promise.all([loaders.teams.load(teamId), loaders.users.load(userId)]);
  return {
    team: team ?? refuse('TEAM_NOT_FOUND', 'There is no such team.', 'teamId'),
    user: user ?? refuseUnknownUser('userId'),
  };
}
