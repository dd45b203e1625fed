import { randomBytes } from 'node:crypto';
import { UnauthenticatedError } from '@tenantry/service';
import * as fc from 'fast-check';
import jwt from 'jsonwebtoken';
import { describe, expect, it } from 'vitest';
import { createContextSigner, createContextVerifier } from './context-signing.ts';
import type { Principal } from './principal.ts';
import type { TenantContext } from './tenant-context.ts';
import { secondsFromNow, tenantId } from './testing/signing-key.ts';

const key = randomBytes(32);
const signer = createContextSigner({ key });
const verifier = createContextVerifier({ key, audience: 'users' });

const ada: Principal = {
  issuer: 'https://id.test',
  subject: 'ada',
  tenantId,
  scopes: ['profile'],
  email: 'ada@example.com',
  emailVerified: true,
  expiresAt: 1_800_000_000,
};
const operator: Principal = { ...ada, subject: 'op', tenantId: null, scopes: ['tenants:read', 'tenants:impersonate'] };
const ofTenant: TenantContext = { principal: ada, tenantId, impersonated: false, origin: '203.0.113.7' };

const signedFor = (expiresAt: number) => signer.sign({ ...ofTenant, principal: { ...ada, expiresAt } }, 'users');

describe('a signed context', () => {
  it.each<[string, TenantContext]>([
    ['of a tenant', ofTenant],
    ['of an operator', { ...ofTenant, principal: operator, tenantId: null }],
    ['of an operator within a tenant', { ...ofTenant, principal: operator, impersonated: true }],
    ['of somebody for whom no token stands', { ...ofTenant, principal: { ...ada, expiresAt: null } }],
    ['of nobody', { ...ofTenant, principal: null, tenantId: null }],
    ['of a client by IPv6', { ...ofTenant, origin: '2001:db8::7' }],
    ['of a client whose address is not known', { ...ofTenant, origin: null }],
  ])('%s arrives as it was sent', (_whose, context) => {
    expect(verifier.verify(signer.sign(context, 'users'))).toEqual(context);
  });

  it('carries any text unchanged', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, unit: 'grapheme' }), fc.array(fc.string()), (text, scopes) => {
        const context = { ...ofTenant, principal: { ...ada, subject: text, scopes } };
        expect(verifier.verify(signer.sign(context, 'users'))).toEqual(context);
      }),
    );
  });

  it('is refused when any character of it was changed', () => {
    const token = signer.sign(ofTenant, 'users');
    fc.assert(
      fc.property(fc.nat(token.length - 1), fc.stringMatching(/^[\w.-]$/), (at, character) => {
        fc.pre(token[at] !== character);
        expect(() => verifier.verify(token.slice(0, at) + character + token.slice(at + 1))).toThrow(UnauthenticatedError);
      }),
    );
  });

  it('is refused by every other subgraph', () => {
    const tenants = createContextVerifier({ key, audience: 'tenants' });
    expect(() => tenants.verify(signer.sign(ofTenant, 'users'))).toThrow(/jwt audience invalid\. expected: tenants/);
  });

  it('is refused under another key', () => {
    const stranger = createContextSigner({ key: randomBytes(32) });
    expect(() => verifier.verify(stranger.sign(ofTenant, 'users'))).toThrow(/invalid signature/);
  });

  it('lasts 30 seconds, and a clock may be off by 5', () => {
    const payload = jwt.decode(signer.sign(ofTenant, 'users'), { json: true });
    expect(Number(payload?.exp) - Number(payload?.iat)).toBe(30);
    const aged = (lifetimeSeconds: number) => createContextSigner({ key, lifetimeSeconds }).sign(ofTenant, 'users');
    expect(verifier.verify(aged(-3))).toEqual(ofTenant);
    expect(() => verifier.verify(aged(-6))).toThrow(/jwt expired/);
  });

  it('lasts no longer than the token that it stands for, but for what is needed to end what began in time', () => {
    const soon = secondsFromNow(20);
    expect(jwt.decode(signedFor(soon), { json: true })?.exp).toBe(soon);
    for (const expiresAt of [10, 0, -60].map(secondsFromNow)) {
      const { iat, exp } = jwt.decode(signedFor(expiresAt), { json: true }) ?? {};
      expect(Number(exp) - Number(iat)).toBe(15);
    }
  });
});

describe('what is not a signed context is refused:', () => {
  const claims = { iss: 'tenantry-gateway', aud: 'users', context: ofTenant };
  const sign = (payload: object, options: jwt.SignOptions = {}) =>
    jwt.sign(payload, key, { expiresIn: 30, header: { alg: 'HS256', typ: 'tenantry-context+jwt' }, ...options });
  const without = (name: string) => Object.fromEntries(Object.entries(claims).filter(([each]) => each !== name));

  it('the claims that the cases below change are good by themselves', () => {
    expect(verifier.verify(sign(claims))).toEqual(ofTenant);
  });

  it.each<[string, string | undefined, RegExp]>([
    ['nothing', undefined, /carries no tenant context/],
    ['an empty header', '', /carries no tenant context/],
    ['any text', 'acme', /jwt malformed/],
    ['a token of another type under the same key', sign(claims, { header: { alg: 'HS256', typ: 'JWT' } }), /another type/],
    ['one of another issuer', sign({ ...claims, iss: 'somebody' }), /jwt issuer invalid/],
    ['one without issuer', sign(without('iss')), /jwt issuer invalid/],
    ['one without audience', sign(without('aud')), /jwt audience invalid/],
    ['one for several audiences', sign({ ...claims, aud: ['users', 'tenants'] }), /malformed/],
    ['one without a context', sign(without('context')), /malformed/],
    ['one with more than a context', sign({ ...claims, admin: true }), /malformed/],
    ['one with another hash', sign(claims, { algorithm: 'HS512', header: { alg: 'HS512' } }), /invalid algorithm/],
    ['one that never expires', jwt.sign(claims, key, { header: { alg: 'HS256', typ: 'tenantry-context+jwt' } }), /malformed/],
    [
      'an unsigned one',
      jwt.sign(claims, null, { algorithm: 'none', header: { alg: 'none', typ: 'tenantry-context+jwt' }, expiresIn: 30 }),
      /jwt signature is required/,
    ],
  ])('%s', (_what, token, message) => {
    expect(() => verifier.verify(token)).toThrow(UnauthenticatedError);
    expect(() => verifier.verify(token)).toThrow(message);
  });

  it.each<[string, object]>([
    ['a field too many', { ...ofTenant, admin: true }],
    ['a principal with a field too many', { ...ofTenant, principal: { ...ada, roles: ['owner'] } }],
    ['a tenant that is no UUID', { ...ofTenant, tenantId: 'acme', principal: { ...ada, tenantId: 'acme' } }],
    ['an expiry that is no number', { ...ofTenant, principal: { ...ada, expiresAt: '1800000000' } }],
    ['which request it is of', { ...ofTenant, requestId: 'r-1' }],
    ['an origin that is no address', { ...ofTenant, origin: 'somewhere' }],
    ['impersonation by text', { ...ofTenant, impersonated: 'false' }],
    ["another tenant than its token's", { ...ofTenant, tenantId: '0199aaaa-0000-7000-8000-000000000002' }],
    ["a tenant's token without its tenant", { ...ofTenant, tenantId: null }],
    ["a tenant's token that impersonates", { ...ofTenant, impersonated: true }],
    ['an operator in a tenant without impersonation', { ...ofTenant, principal: operator }],
    [
      'an operator impersonating without the scope',
      { ...ofTenant, principal: { ...operator, scopes: ['tenants:read'] }, impersonated: true },
    ],
    ['impersonation of no tenant', { ...ofTenant, principal: operator, tenantId: null, impersonated: true }],
    ['impersonation by nobody', { ...ofTenant, principal: null, impersonated: true }],
  ])('one that says %s', (_what, context) => {
    expect(() => verifier.verify(sign({ ...claims, context }))).toThrow(/malformed/);
  });
});

it('keys shorter than 32 bytes are refused at once', () => {
  expect(() => createContextSigner({ key: randomBytes(31) })).toThrow(RangeError);
  expect(() => createContextVerifier({ key: randomBytes(31), audience: 'users' })).toThrow(RangeError);
});
