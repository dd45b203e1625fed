import { tenantCursor, type Tenant, type TenantFilter } from '@tenantry/tenant-control';
import type { TenantsContext } from './context.ts';

const defaultPageSize = 20;

export interface ListTenantsArguments {
  first?: number | null;
  after?: string | null;
  filter?: TenantFilter | null;
}

/** A Relay connection over the catalog, the oldest tenant first. */
export async function listTenants({ first, after, filter }: ListTenantsArguments, { catalog }: TenantsContext) {
  const page = await catalog.listTenants({ first: first ?? defaultPageSize, after, filter });
  const edges = page.tenants.map((node: Tenant) => ({ node, cursor: tenantCursor(node) }));
  return {
    edges,
    nodes: page.tenants,
    pageInfo: {
      hasNextPage: page.hasNextPage,
      hasPreviousPage: after != null,
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
    totalCount: page.totalCount,
  };
}
