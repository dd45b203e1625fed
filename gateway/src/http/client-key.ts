import type { TenantContext } from '@tenantry/auth';

/** Tells clients apart: by whom a token says that they are, whatever token it is; without one, by their address. */
export function clientKey({ principal, origin }: Pick<TenantContext, 'principal' | 'origin'>): string {
  return principal ? JSON.stringify([principal.issuer, principal.subject]) : (origin ?? 'unknown');
}
