import type { Resolvers } from '@tenantry/subgraph-kit';
import type { SagaRun } from '@tenantry/tenant-control';
import type { TenantsContext } from '../context.ts';

export const runResolvers: Resolvers<TenantsContext> = {
  TenantRun: { startedAt: ({ createdAt }: SagaRun) => createdAt },
};
