import type { Team } from '@tenantry/prisma/tenant';
import type { PageArguments, Resolvers } from '@tenantry/subgraph-kit';
import type { UsersContext } from '../context.ts';
import { toPayload } from '../mutation.ts';
import type { Input, Reference } from '../resolver-arguments.ts';
import { addTeamMember, removeTeamMember, type TeamMemberInput } from './change-membership.ts';
import { createTeam, type CreateTeamInput } from './create-team.ts';
import { countMembersOf, listMembers, listTeams } from './team-connections.ts';

export const teamResolvers = {
  Query: {
    team: async (_root: unknown, reference: Reference, context: UsersContext) => await findTeam(reference, context),
    teams: async (_root: unknown, args: PageArguments, context: UsersContext) => await listTeams(args, context),
  },
  Mutation: {
    createTeam: async (_root: unknown, { input }: Input<CreateTeamInput>, context: UsersContext) =>
      await toPayload(context, async () => await createTeam(input, context)),
    addTeamMember: async (_root: unknown, { input }: Input<TeamMemberInput>, context: UsersContext) =>
      await toPayload(context, async () => await addTeamMember(input, context)),
    removeTeamMember: async (_root: unknown, { input }: Input<TeamMemberInput>, context: UsersContext) =>
      await toPayload(context, async () => await removeTeamMember(input, context)),
  },
  Team: {
    __resolveReference: async (reference: Reference, context: UsersContext) => await findTeam(reference, context),
    members: async (team: Team, args: PageArguments, context: UsersContext) => await listMembers(team.id, args, context),
    memberCount: async (team: Team, _args: unknown, context: UsersContext) => await countMembersOf(team.id, context),
  },
} satisfies Resolvers<UsersContext>;

async function findTeam({ id }: Reference, { request, loaders }: UsersContext): Promise<Team | null> {
  await request.viewer.requireMember();
  return await loaders.teams.load(id);
}
