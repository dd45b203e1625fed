import { cursorInstant, parsePage, toConnection, type Connection, type Ordering } from '@tenantry/subgraph-kit';
import type { AuditEntry, AuditFilter } from '@tenantry/tenant-control';
import type { TenantsContext } from './context.ts';

export interface ListAuditArguments {
  first?: number | null;
  after?: string | null;
  filter?: AuditFilter | null;
}

const newestFirst: Ordering<AuditEntry, string> = {
  name: 'audit-log:at:desc',
  values: cursorInstant,
  valuesOf: ({ at }) => at.toISOString(),
};

/** A Relay connection over the audit log, the newest entry first. */
export async function listAudit(
  { first, after, filter }: ListAuditArguments,
  { catalog }: TenantsContext,
): Promise<Connection<AuditEntry>> {
  const page = parsePage({ first: first ?? null, after: after ?? null }, newestFirst);
  const position = page.position && { at: new Date(page.position.values), id: page.position.id };
  const entries = await catalog.listAudit({ limit: page.limit + 1, after: position, filter });
  return toConnection(entries, page, newestFirst, async () => await catalog.countAudit(filter));
}
