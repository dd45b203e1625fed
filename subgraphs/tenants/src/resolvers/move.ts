import type { Resolvers } from '@tenantry/subgraph-kit';
import type { TenantsContext } from '../context.ts';
import { confirmMove, moveTenant, revertMove, type MoveArguments } from '../move-tenant.ts';

/** How a tenant gets to another cluster. */
export const moveResolvers = {
  Mutation: {
    moveTenant: async (_parent, moveArguments: MoveArguments, context) => await moveTenant(moveArguments, context),
    confirmTenantMove: async (_parent, { id }: { id: string }, context) => await confirmMove(id, context),
    revertTenantMove: async (_parent, { id }: { id: string }, context) => await revertMove(id, context),
  },
} satisfies Resolvers<TenantsContext>;
