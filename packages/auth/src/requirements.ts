import { ForbiddenError, UnauthenticatedError } from '@tenantry/service';
import { TenantRequiredError } from './errors.ts';
import type { Principal } from './principal.ts';
import type { TenantContext } from './tenant-context.ts';

/** @throws {UnauthenticatedError} when nobody is signed in */
export function requirePrincipal(context: TenantContext): Principal {
  if (context.principal === null) throw new UnauthenticatedError('This needs a token: send it as "Authorization: Bearer <token>".');
  return context.principal;
}

/**
 * The id of the one tenant that the request may touch.
 *
 * @throws {TenantRequiredError}
 */
export function requireTenant(context: TenantContext): string {
  if (context.tenantId === null) {
    throw new TenantRequiredError('This needs a tenant: use a token of the tenant, or as an operator name one in the header x-tenant-id.');
  }
  return context.tenantId;
}

/**
 * The principal, who holds all of `scopes`.
 *
 * @throws {UnauthenticatedError} when nobody is signed in
 * @throws {ForbiddenError} naming the scopes that are missing
 */
export function requireScopes(context: TenantContext, ...scopes: readonly string[]): Principal {
  const principal = requirePrincipal(context);
  const missing = scopes.filter((scope) => !principal.scopes.includes(scope));
  if (missing.length > 0) throw new ForbiddenError(`This needs a token with the scope ${missing.join(' ')}.`);
  return principal;
}
