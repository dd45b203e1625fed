import type { Resolvers } from '@tenantry/subgraph-kit';
import { listAudit, type ListAuditArguments } from '../audit-log.ts';
import type { TenantsContext } from '../context.ts';
import { backupResolvers } from './backup.ts';
import { listTenants, type ListTenantsArguments } from '../tenant-list.ts';
import { findOwnTenant } from '../visible-tenants.ts';

export const queryResolvers: Resolvers<TenantsContext> = {
  Query: {
    tenant: async (_parent, _arguments, context) => await findOwnTenant(context),
    tenants: async (_parent, listArguments: ListTenantsArguments, context) => await listTenants(listArguments, context),
    provisioningRun: async (_parent, { id }: { id: string }, { catalog }) => await catalog.findRun(id),
    ...backupResolvers.Query,
    auditLog: async (_parent, listArguments: ListAuditArguments, context) => await listAudit(listArguments, context),
  },
};
