import type { Tenant } from '../tenant.ts';
import { clientPerTenant } from './client-per-tenant.ts';
import type { Contender, ContenderSpec } from './contender.ts';
import { openTenantry } from './tenantry.ts';

/** A contender that is ready to serve these tenants, and has served none. */
export async function openContender(spec: ContenderSpec, tenants: readonly Tenant[]): Promise<Contender> {
  if (spec.kind === 'tenantry') return await openTenantry(spec, tenants);
  const urls = new Map(tenants.map(({ tenantId, url }) => [tenantId, url]));
  return clientPerTenant({
    urlOf: (tenantId) => urls.get(tenantId) ?? unknownTenant(tenantId),
    connectionsPerTenant: spec.connectionsPerTenant,
    ...(spec.kind === 'lru' ? { size: spec.size } : { keepsStatements: spec.keepsStatements ?? false }),
  });
}

function unknownTenant(tenantId: string): never {
  throw new Error(`There is no tenant ${tenantId}.`);
}
