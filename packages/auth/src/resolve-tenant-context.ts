import { BadInputError, ForbiddenError, UnauthenticatedError } from '@tenantry/service';
import type { Principal } from './principal.ts';
import { operatorScope } from './scopes.ts';
import type { TenantContext } from './tenant-context.ts';
import { tenantIdSchema } from './tenant-id.ts';

export interface ContextRequest {
  /** The client's `x-tenant-id`: never an identity, it only narrows what a platform operator may reach. */
  requestedTenantId: string | null;
  /** Address that the client called from; null when it is not known. */
  origin: string | null;
}

/**
 * Decides whose data a request may touch: the tenant of its token, or the one that an impersonating operator asks for.
 *
 * @throws {ForbiddenError} when another tenant is asked for than the principal may reach
 * @throws {UnauthenticatedError} when a tenant is asked for without a token
 * @throws {BadInputError} when what is asked for cannot be a tenant's id
 */
export function resolveTenantContext(principal: Principal | null, { requestedTenantId, origin }: ContextRequest): TenantContext {
  const ownTenantId = principal?.tenantId ?? null;
  if (requestedTenantId === null) return { principal, tenantId: ownTenantId, impersonated: false, origin };

  const requested = tenantIdSchema.safeParse(requestedTenantId);
  if (!requested.success) throw new BadInputError("The header x-tenant-id must be a tenant's id (a UUID).");
  if (principal === null) throw new UnauthenticatedError('The header x-tenant-id says nothing without a token: send Authorization too.');
  const tenantId = requested.data;
  if (ownTenantId === tenantId) return { principal, tenantId, impersonated: false, origin };
  if (ownTenantId !== null) throw new ForbiddenError('The header x-tenant-id names another tenant than the token.');
  if (!principal.scopes.includes(operatorScope.impersonate)) {
    throw new ForbiddenError(`To act within a tenant by x-tenant-id, a token needs the scope ${operatorScope.impersonate}.`);
  }
  return { principal, tenantId, impersonated: true, origin };
}
