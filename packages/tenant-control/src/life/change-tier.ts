import type { TenantTier } from '@tenantry/prisma/control';
import type { Actor, Tenant } from '../tenant.ts';
import { changeTenant } from './change-tenant.ts';
import { assertNotDeleted } from './locked-tenant.ts';
import type { ChangeServices } from './services.ts';

/**
 * Gives a tenant another tier where it is: from now on it has that tier's share of each process's connections. Its database stays.
 *
 * @throws {TenantNotFoundError} {TenantDeletedError} {ChangeNotAnnouncedError}
 */
export async function changeTier(id: string, tier: TenantTier, actor: Actor, services: ChangeServices): Promise<Tenant> {
  return await changeTenant({ id, action: 'tenant.tier', actor }, services, (tenant) => {
    assertNotDeleted(tenant);
    return tenant.tier === tier ? null : { data: { tier }, detail: { from: tenant.tier, to: tier } };
  });
}
