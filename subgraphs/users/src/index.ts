import { dateTimeScalar, defineSubgraph } from '@tenantry/subgraph-kit';
import { createContext } from './context.ts';
import { removeStaleInvitations } from './invitations/remove-stale-invitations.ts';
import { invitationResolvers } from './invitations/resolvers.ts';
import { teamResolvers } from './teams/resolvers.ts';
import { tenantResolvers } from './tenant-resolvers.ts';
import { userResolvers } from './users/resolvers.ts';

export default defineSubgraph({
  name: 'users',
  schemaPath: new URL('../schema.graphql', import.meta.url),
  resolvers: {
    ...userResolvers,
    ...teamResolvers,
    ...invitationResolvers,
    ...tenantResolvers,
    Query: { ...userResolvers.Query, ...teamResolvers.Query, ...invitationResolvers.Query },
    Mutation: { ...userResolvers.Mutation, ...teamResolvers.Mutation, ...invitationResolvers.Mutation },
    DateTime: dateTimeScalar,
  },
  createContext,
  tasks: [removeStaleInvitations],
});
