import type { Resolvers } from '@tenantry/subgraph-kit';
import type { AuditEntry } from '@tenantry/tenant-control';
import type { TenantsContext } from '../context.ts';

export const auditResolvers: Resolvers<TenantsContext> = {
  AuditEntry: {
    tenant: async ({ tenantId }: AuditEntry, _arguments, { tenants }) => (tenantId === null ? null : await tenants.load(tenantId)),
    detail: ({ detail }: AuditEntry) =>
      Object.entries(detail).map(([name, value]) => ({ name, value: value === null ? null : String(value) })),
  },
};
