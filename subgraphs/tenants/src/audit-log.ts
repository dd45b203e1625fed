import type { Connection, PageArguments } from '@tenantry/subgraph-kit';
import type { AuditEntry, AuditFilter } from '@tenantry/tenant-control';
import type { TenantsContext } from './context.ts';
import { connectionByInstant } from './instant-connection.ts';

export interface ListAuditArguments extends Pick<PageArguments, 'first' | 'after'> {
  filter?: AuditFilter | null;
}

/** A Relay connection over the audit log, the newest entry first. */
export async function listAudit({ filter, ...page }: ListAuditArguments, { catalog }: TenantsContext): Promise<Connection<AuditEntry>> {
  return await connectionByInstant(page, {
    name: 'audit-log:at:desc',
    instantOf: ({ at }) => at,
    positionOf: (at, id) => ({ at, id }),
    list: async (options) => await catalog.listAudit({ ...options, filter }),
    count: async () => await catalog.countAudit(filter),
  });
}
