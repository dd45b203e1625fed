import type { Resolvers } from '@tenantry/subgraph-kit';
import type { Tenant } from '@tenantry/tenant-control';
import type { TenantsContext } from '../context.ts';
import { backupResolvers } from './backup.ts';
import type { UsageHistoryArguments } from '../usage-history.ts';
import { findVisibleTenant, requireWithin, requireWithinOrOperator } from '../visible-tenants.ts';

export const tenantResolvers: Resolvers<TenantsContext> = {
  Tenant: {
    __resolveReference: async ({ id }: { id: string }, context: TenantsContext) => await findVisibleTenant(id, context),
    settings: async (tenant: Tenant, _arguments, context) => {
      await requireWithin(tenant, context);
      return await context.settings.read();
    },
    usage: async (tenant: Tenant, _arguments, context) => {
      await requireWithinOrOperator(tenant, context);
      return tenant;
    },
    ...backupResolvers.Tenant,
    runs: async ({ id }: Tenant, _arguments, { runs }) => await runs.load(id),
  },
  TenantUsage: {
    databaseBytes: async ({ id }: Tenant, _arguments, { usage }) => (await usage.load(id)).databaseBytes,
    connections: async ({ id }: Tenant, _arguments, { usage }) => (await usage.load(id)).connections,
    history: async ({ id }: Tenant, historyArguments: UsageHistoryArguments, { usageHistory }) => {
      return await usageHistory.load(id, historyArguments);
    },
  },
};
