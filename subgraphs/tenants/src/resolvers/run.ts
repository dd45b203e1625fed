import type { Resolvers } from '@tenantry/subgraph-kit';
import type { SagaRun } from '@tenantry/tenant-control';
import type { TenantsContext } from '../context.ts';
import { followRun } from '../follow-run.ts';

export const runResolvers: Resolvers<TenantsContext> = {
  Subscription: {
    provisioningRunChanged: {
      subscribe: async (_root, { id }: { id: string }, context) => await followRun(id, context),
      resolve: (run: SagaRun) => run,
    },
  },
  TenantRun: { startedAt: ({ createdAt }: SagaRun) => createdAt },
};
