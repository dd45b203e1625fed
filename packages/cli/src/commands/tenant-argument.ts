import { canonicalUuid } from '@tenantry/service';
import type { Tenant } from '@tenantry/tenant-control';
import { NoSuchTenantError } from '../errors.ts';
import type { Session } from '../session.ts';

/** How help calls an argument that {@link findTenant} takes. */
export const tenantArgument = ['<tenant>', 'its slug or id'] as const;

/** The tenant of a slug or an id. @throws {NoSuchTenantError} */
export async function findTenant(session: Session, reference: string): Promise<Tenant> {
  const catalog = session.catalog();
  const [byId] = canonicalUuid(reference) === null ? [] : await catalog.findTenants([reference]);
  const tenant = byId ?? (await catalog.findTenantBySlug(reference));
  if (!tenant) throw new NoSuchTenantError(reference);
  return tenant;
}
