import { randomBytes } from 'node:crypto';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createContextSigner, createContextVerifier } from './context-signing.ts';
import { deepFreeze } from './deep-freeze.ts';
import type { Principal } from './principal.ts';
import type { TenantContext } from './tenant-context.ts';
import { tenantId } from './testing/signing-key.ts';

const key = randomBytes(32);
const verifier = createContextVerifier({ key, audience: 'users' });

/** A principal as a token verifier gives it: frozen, and the same object for the same token. */
function principalOf(token: Partial<Principal> = {}): Principal {
  const nobodyInParticular = { tenantId, scopes: ['profile'], email: null, emailVerified: false, expiresAt: null };
  return deepFreeze({ issuer: 'https://id.test', subject: 'ada', ...nobodyInParticular, ...token });
}

const contextOf = (principal: Principal | null, changes: Partial<TenantContext> = {}): TenantContext => ({
  principal,
  tenantId: principal?.tenantId ?? null,
  impersonated: false,
  origin: '203.0.113.7',
  ...changes,
});

const ada = principalOf();
const operator = principalOf({ subject: 'op', tenantId: null, scopes: ['tenants:impersonate'] });
const idOf = (number: number): string => `0199aaaa-0000-7000-8000-${String(number).padStart(12, '0')}`;

/** The clock stands still but for this. */
function passTime(ms: number): void {
  vi.setSystemTime(Date.now() + ms);
}

/** As long as the clock has not moved on, only another signing would give another token. */
function atTheTime(): void {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() });
}

afterEach(() => vi.useRealTimers());

describe('a signature', () => {
  it.each([
    ['somebody', ada],
    ['nobody', null],
  ])('is shared by all requests of %s to one subgraph', (_who, principal) => {
    atTheTime();
    const signer = createContextSigner({ key });
    const token = signer.sign(contextOf(principal), 'users');
    passTime(2000);
    expect(signer.sign(contextOf(principal), 'users')).toBe(token);
  });

  it.each<[string, TenantContext, TenantContext]>([
    ['another token', contextOf(ada), contextOf(principalOf({ subject: 'grace' }))],
    ['another address', contextOf(ada), contextOf(ada, { origin: '203.0.113.8' })],
    ['no known address', contextOf(ada), contextOf(ada, { origin: null })],
    ['an operator in a tenant', contextOf(operator), contextOf(operator, { tenantId, impersonated: true })],
    [
      'an operator in another tenant',
      contextOf(operator, { tenantId, impersonated: true }),
      contextOf(operator, { tenantId: idOf(2), impersonated: true }),
    ],
    ['nobody', contextOf(ada), contextOf(null)],
    ['nobody from another address', contextOf(null), contextOf(null, { origin: '2001:db8::7' })],
  ])('says something else for %s', (_who, one, other) => {
    const signer = createContextSigner({ key });
    expect(verifier.verify(signer.sign(one, 'users'))).toEqual(one);
    expect(verifier.verify(signer.sign(other, 'users'))).toEqual(other);
    expect(verifier.verify(signer.sign(one, 'users'))).toEqual(one);
  });

  it('is for one subgraph', () => {
    const signer = createContextSigner({ key });
    signer.sign(contextOf(ada), 'users');
    const forTenants = signer.sign(contextOf(ada), 'tenants');
    expect(createContextVerifier({ key, audience: 'tenants' }).verify(forTenants)).toEqual(contextOf(ada));
    expect(() => verifier.verify(forTenants)).toThrow(/audience invalid/);
  });

  it('is made anew when half of its lifetime is over, so that a subgraph always has time to begin', () => {
    atTheTime();
    const signer = createContextSigner({ key });
    const token = signer.sign(contextOf(ada), 'users');
    passTime(14_000);
    expect(signer.sign(contextOf(ada), 'users')).toBe(token);
    passTime(2000);
    const later = signer.sign(contextOf(ada), 'users');
    expect(later).not.toBe(token);
    passTime(25_000);
    expect(verifier.verify(later)).toEqual(contextOf(ada));
    expect(() => verifier.verify(token)).toThrow(/jwt expired/);
  });

  it('is made anew once the clock was put back, or it would last for as long as that was', () => {
    atTheTime();
    const signer = createContextSigner({ key });
    const ofLater = signer.sign(contextOf(ada), 'users');
    passTime(-3_600_000);
    const token = signer.sign(contextOf(ada), 'users');
    expect(token).not.toBe(ofLater);
    passTime(36_000);
    expect(() => verifier.verify(token)).toThrow(/jwt expired/);
  });

  it('is good for all that a request asks which began in time, though its token expires meanwhile', () => {
    atTheTime();
    const signer = createContextSigner({ key });
    const brief = contextOf(principalOf({ expiresAt: Math.floor(Date.now() / 1000) + 1 }));
    for (let second = 0; second < 60; second++) {
      expect(verifier.verify(signer.sign(brief, 'users'))).toEqual(brief);
      passTime(1000);
    }
  });

  it.each([
    ['whose scopes can change', Object.freeze({ ...ada, scopes: ['profile'] })],
    ['who can change', { ...ada }],
  ])('is not shared by the requests of a principal %s', (_how, principal) => {
    atTheTime();
    const signer = createContextSigner({ key });
    const token = signer.sign(contextOf(principal), 'users');
    passTime(2000);
    expect(signer.sign(contextOf(principal), 'users')).not.toBe(token);
  });

  it('stands for as many tenants and addresses as a caller comes with, though not all are kept', () => {
    const signer = createContextSigner({ key });
    for (let number = 0; number < 200; number++) {
      const inTenant = contextOf(operator, { tenantId: idOf(number), impersonated: true });
      expect(verifier.verify(signer.sign(inTenant, 'users'))).toEqual(inTenant);
    }
  });
});

describe('a context that was verified', () => {
  it('is the same object for all requests of a caller, and nobody can change it', () => {
    const signer = createContextSigner({ key });
    const verified = verifier.verify(signer.sign(contextOf(ada), 'users'));
    expect(verifier.verify(signer.sign(contextOf(ada), 'users'))).toBe(verified);
    expect(() => Object.assign(verified, { tenantId: null })).toThrow(TypeError);
    expect(() => Object.assign(verified.principal?.scopes ?? [], ['tenants:impersonate'])).toThrow(TypeError);
  });

  it('is remembered though thousands of others come in between', () => {
    const signer = createContextSigner({ key });
    const token = signer.sign(contextOf(ada), 'users');
    const verified = verifier.verify(token);
    for (let number = 0; number < 2000; number++) verifier.verify(signer.sign(contextOf(principalOf({ subject: `s-${number}` })), 'users'));
    expect(verifier.verify(token)).toBe(verified);
  });

  it('is refused once it has expired', () => {
    atTheTime();
    const token = createContextSigner({ key }).sign(contextOf(ada), 'users');
    verifier.verify(token);
    passTime(36_000);
    expect(() => verifier.verify(token)).toThrow(/jwt expired/);
  });

  it('does not lend its signature to another content', () => {
    const signer = createContextSigner({ key });
    const token = signer.sign(contextOf(ada), 'users');
    verifier.verify(token);
    const [header, , signature] = token.split('.');
    const [, otherPayload] = signer.sign(contextOf(principalOf({ scopes: [] })), 'users').split('.');
    expect(() => verifier.verify(`${header}.${otherPayload}.${signature}`)).toThrow(/invalid signature/);
  });

  it('is not remembered when it is very long, and verifies all the same', () => {
    const long = contextOf(principalOf({ subject: 's'.repeat(5000) }));
    const token = createContextSigner({ key }).sign(long, 'users');
    const verified = verifier.verify(token);
    expect(verified).toEqual(long);
    expect(verifier.verify(token)).toEqual(verified);
    expect(verifier.verify(token)).not.toBe(verified);
  });
});
