import { canonicalUuid } from '@tenantry/service';
import type { Catalog, Tenant } from '@tenantry/tenant-control';
import DataLoader from 'dataloader';

/**
 * Finds tenants as `catalog` does: single ones that are asked for in one turn of the event loop, by whichever requests, in one statement,
 * which is sent once all of them have asked.
 */
export function gatheredTenants(catalog: Pick<Catalog, 'findTenants'>): Catalog['findTenants'] {
  const single = new DataLoader<string, Tenant | undefined>(
    async (ids) => {
      const found = new Map((await catalog.findTenants([...new Set(ids)])).map((tenant) => [tenant.id, tenant]));
      return ids.map((id) => found.get(id));
    },
    { cache: false, batchScheduleFn: (send) => setImmediate(send) },
  );
  return async (ids) => {
    const [id, ...others] = ids.map(canonicalUuid).filter((wanted) => wanted !== null);
    if (id === undefined) return [];
    if (others.length > 0) return await catalog.findTenants([id, ...others]);
    const tenant = await single.load(id);
    // A copy, since others may have been given the same.
    return tenant ? [{ ...tenant }] : [];
  };
}
