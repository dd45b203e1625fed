import { BadInputError, ForbiddenError, UnauthenticatedError } from '@tenantry/service';
import { describe, expect, it } from 'vitest';
import { TenantRequiredError } from './errors.ts';
import type { Principal } from './principal.ts';
import { requirePrincipal, requireScopes, requireTenant } from './requirements.ts';
import { resolveTenantContext } from './resolve-tenant-context.ts';
import { tenantId } from './testing/signing-key.ts';

const other = '0199aaaa-0000-7000-8000-00000000000f';
const origin = '203.0.113.7';

function principalWith(changes: Partial<Principal>): Principal {
  const nobodyInParticular = { tenantId: null, scopes: [], email: null, emailVerified: false, expiresAt: null };
  return { issuer: 'https://id.test', subject: 'ada', ...nobodyInParticular, ...changes };
}

const member = principalWith({ tenantId });
const impersonator = principalWith({ scopes: ['tenants:impersonate'] });
const reader = principalWith({ scopes: ['tenants:read', 'tenants:write'] });

describe('the tenant of a request', () => {
  it.each([
    ["is the token's", member, null, { tenantId, impersonated: false }],
    ["may be asked for by the token's own bearer", member, tenantId.toUpperCase(), { tenantId, impersonated: false }],
    ['is none for an operator who does not ask for one', impersonator, null, { tenantId: null, impersonated: false }],
    ['is the one that an impersonating operator asks for', impersonator, other.toUpperCase(), { tenantId: other, impersonated: true }],
    ['is none for nobody', null, null, { tenantId: null, impersonated: false }],
  ])('%s', (_what, principal, requestedTenantId, expected) => {
    expect(resolveTenantContext(principal, { requestedTenantId, origin })).toEqual({ principal, origin, ...expected });
  });

  it.each([
    ["another than the token's", member, other, ForbiddenError],
    ["another than the token's, whatever scopes the token claims", { ...member, scopes: ['tenants:impersonate'] }, other, ForbiddenError],
    ['any, for an operator who may not impersonate', reader, other, ForbiddenError],
    ['any, without a token', null, tenantId, UnauthenticatedError],
    ['something that is no id', impersonator, 'acme', BadInputError],
    ['nothing at all', impersonator, '', BadInputError],
  ])('cannot be asked to be %s', (_what, principal, requestedTenantId, error) => {
    expect(() => resolveTenantContext(principal, { requestedTenantId, origin })).toThrow(error);
  });
});

const context = (principal: Principal | null) => resolveTenantContext(principal, { requestedTenantId: null, origin });

describe('requirements', () => {
  it('give what they require', () => {
    expect(requirePrincipal(context(member))).toBe(member);
    expect(requireTenant(context(member))).toBe(tenantId);
    expect(requireScopes(context(reader), 'tenants:read', 'tenants:write')).toBe(reader);
  });

  it('refuse what lacks it', () => {
    expect(() => requirePrincipal(context(null))).toThrow(UnauthenticatedError);
    expect(() => requireTenant(context(reader))).toThrow(TenantRequiredError);
    expect(() => requireTenant(context(null))).toThrow(TenantRequiredError);
    expect(() => requireScopes(context(null))).toThrow(UnauthenticatedError);
    expect(() => requireScopes(context(reader), 'tenants:read', 'tenants:impersonate')).toThrow(ForbiddenError);
    expect(() => requireScopes(context(reader), 'tenants:read', 'tenants:impersonate')).toThrow(/the scope tenants:impersonate\.$/);
  });
});
