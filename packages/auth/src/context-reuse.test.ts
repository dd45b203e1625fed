import { randomBytes } from 'node:crypto';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createContextSigner, createContextVerifier } from './context-signing.ts';
import { deepFreeze } from './deep-freeze.ts';
import type { TenantContext } from './tenant-context.ts';
import { tenantId } from './testing/signing-key.ts';

const key = randomBytes(32);
const verifier = createContextVerifier({ key, audience: 'users' });
const context: TenantContext = { principal: null, tenantId, impersonated: false, requestId: 'r-1', origin: null };

function passTime(ms: number): void {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + ms });
}

afterEach(() => vi.useRealTimers());

describe('a context that cannot change', () => {
  it('is signed once for each subgraph', () => {
    const signer = createContextSigner({ key });
    const frozen = deepFreeze({ ...context });
    const token = signer.sign(frozen, 'users');
    passTime(2000);
    expect(signer.sign(frozen, 'users')).toBe(token);
    const forTenants = signer.sign(frozen, 'tenants');
    expect(createContextVerifier({ key, audience: 'tenants' }).verify(forTenants)).toEqual(context);
    expect(() => verifier.verify(forTenants)).toThrow(/audience invalid/);
  });

  it('is signed again when half of the lifetime is over, so that a subgraph always has time to begin', () => {
    const signer = createContextSigner({ key });
    const frozen = deepFreeze({ ...context });
    const token = signer.sign(frozen, 'users');
    passTime(16_000);
    const later = signer.sign(frozen, 'users');
    expect(later).not.toBe(token);
    passTime(30_000);
    expect(verifier.verify(later)).toEqual(context);
    expect(() => verifier.verify(token)).toThrow(/jwt expired/);
  });
});

it('a context that can change is signed as it is', () => {
  const signer = createContextSigner({ key });
  const changing = { ...context };
  signer.sign(changing, 'users');
  changing.requestId = 'r-2';
  expect(verifier.verify(signer.sign(changing, 'users'))).toEqual(changing);
});

describe('a context that was verified', () => {
  it('is the same object for the same token, and nobody can change it', () => {
    const principal = { issuer: 'i', subject: 'ada', tenantId, scopes: ['profile'], email: null, emailVerified: false, expiresAt: null };
    const token = createContextSigner({ key }).sign({ ...context, principal }, 'users');
    const verified = verifier.verify(token);
    expect(verifier.verify(token)).toBe(verified);
    expect(() => Object.assign(verified, { tenantId: null })).toThrow(TypeError);
    expect(() => Object.assign(verified.principal?.scopes ?? [], ['tenants:impersonate'])).toThrow(TypeError);
  });

  it('is refused once it has expired', () => {
    const token = createContextSigner({ key }).sign(context, 'users');
    verifier.verify(token);
    passTime(36_000);
    expect(() => verifier.verify(token)).toThrow(/jwt expired/);
  });

  it('does not lend its signature to another content', () => {
    const signer = createContextSigner({ key });
    const token = signer.sign(context, 'users');
    verifier.verify(token);
    const [header, , signature] = token.split('.');
    const [, otherPayload] = signer.sign({ ...context, requestId: 'r-2' }, 'users').split('.');
    expect(() => verifier.verify(`${header}.${otherPayload}.${signature}`)).toThrow(/invalid signature/);
  });

  it('is not remembered when it is very long, and verifies all the same', () => {
    const long = { ...context, requestId: 'r'.repeat(5000) };
    const token = createContextSigner({ key }).sign(long, 'users');
    const verified = verifier.verify(token);
    expect(verifier.verify(token)).toEqual(verified);
    expect(verifier.verify(token)).not.toBe(verified);
  });
});
