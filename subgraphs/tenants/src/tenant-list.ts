import type { Connection, PageArguments } from '@tenantry/subgraph-kit';
import type { Tenant, TenantFilter } from '@tenantry/tenant-control';
import type { TenantsContext } from './context.ts';
import { connectionByInstant } from './instant-connection.ts';

export interface ListTenantsArguments extends Pick<PageArguments, 'first' | 'after'> {
  filter?: TenantFilter | null;
}

/** A Relay connection over the catalog, the oldest tenant first. */
export async function listTenants({ filter, ...page }: ListTenantsArguments, { catalog }: TenantsContext): Promise<Connection<Tenant>> {
  return await connectionByInstant(page, {
    name: 'tenants:created-at:asc',
    instantOf: ({ createdAt }) => createdAt,
    positionOf: (createdAt, id) => ({ createdAt, id }),
    list: async (options) => await catalog.listTenants({ ...options, filter }),
    count: async () => await catalog.countTenants(filter),
  });
}
