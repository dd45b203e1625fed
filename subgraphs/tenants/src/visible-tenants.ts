import { operatorScope } from '@tenantry/auth';
import { canonicalUuid, ForbiddenError } from '@tenantry/service';
import type { SubgraphRequest } from '@tenantry/subgraph-kit';
import type { Tenant } from '@tenantry/tenant-control';
import { TenantNotFoundError } from '@tenantry/tenant-pool';
import type { TenantsContext } from './context.ts';

/**
 * The tenant called `id`, if the caller may know of it: any for an operator with `tenants:read`, their own for everybody else.
 *
 * @throws {ForbiddenError} when the caller is not a member of the tenant that their token names
 */
export async function findVisibleTenant(id: string, { request, tenants }: TenantsContext): Promise<Tenant | null> {
  if (isOperator(request)) return await tenants.load(id);
  await request.db();
  return canonicalUuid(id) === request.tenantId() ? await tenants.load(id) : null;
}

/** @throws whatever keeps the caller out of their own tenant: no tenant, no membership, suspension */
export async function findOwnTenant({ request, tenants }: TenantsContext): Promise<Tenant> {
  await request.db();
  const tenant = await tenants.load(request.tenantId());
  if (!tenant) throw new TenantNotFoundError('This tenant is gone.');
  return tenant;
}

/**
 * Lets pass who may read the data within `tenant`: its members, and an operator who acts in it.
 *
 * @throws {ForbiddenError} for everybody else, operators included
 */
export async function requireWithin(tenant: Tenant, { request }: TenantsContext): Promise<void> {
  if (request.tenantContext.tenantId !== tenant.id) {
    throw new ForbiddenError('This is for members of the tenant, and for an operator who acts in it (x-tenant-id).');
  }
  await request.viewer.requireMember();
}

/** @throws {ForbiddenError} unless the caller is a member of `tenant` or an operator with `tenants:read` */
export async function requireWithinOrOperator(tenant: Tenant, context: TenantsContext): Promise<void> {
  if (!isOperator(context.request)) await requireWithin(tenant, context);
}

/** A token with a tenant of its own is no operator's, whatever its scopes say. */
function isOperator(request: SubgraphRequest): boolean {
  const { tenantId, scopes } = request.principal();
  return tenantId === null && scopes.includes(operatorScope.readTenants);
}
