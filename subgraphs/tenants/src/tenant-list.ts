import { cursorInstant, parsePage, toConnection, type Connection, type Ordering } from '@tenantry/subgraph-kit';
import type { Tenant, TenantFilter } from '@tenantry/tenant-control';
import type { TenantsContext } from './context.ts';

export interface ListTenantsArguments {
  first?: number | null;
  after?: string | null;
  filter?: TenantFilter | null;
}

const oldestFirst: Ordering<Tenant, string> = {
  name: 'tenants:created-at:asc',
  values: cursorInstant,
  valuesOf: ({ createdAt }) => createdAt.toISOString(),
};

/** A Relay connection over the catalog, the oldest tenant first. */
export async function listTenants(
  { first, after, filter }: ListTenantsArguments,
  { catalog }: TenantsContext,
): Promise<Connection<Tenant>> {
  const page = parsePage({ first: first ?? null, after: after ?? null }, oldestFirst);
  const position = page.position && { createdAt: new Date(page.position.values), id: page.position.id };
  const tenants = await catalog.listTenants({ limit: page.limit + 1, after: position, filter });
  return toConnection(tenants, page, oldestFirst, async () => await catalog.countTenants(filter));
}
