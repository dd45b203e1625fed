import { randomBytes } from 'node:crypto';
import { createTokenVerifier, signDevelopmentToken, type TokenVerifier } from '@tenantry/auth';
import { UnauthenticatedError } from '@tenantry/service';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { identify } from './identity.ts';

const secret = randomBytes(32);
const issuer = 'https://issuer.example';
const dayMs = 24 * 60 * 60 * 1000;

function verifierOf(): TokenVerifier {
  return createTokenVerifier({ issuers: [{ kind: 'secret', issuer, secret }], audience: 'a', tenantClaim: 'tenant_id' });
}

function credentialsFor(expiresInSeconds: number) {
  const token = signDevelopmentToken({ secret, issuer, audience: 'a', subject: 'ada', expiresInSeconds });
  return { authorization: `Bearer ${token}`, tenantId: null };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('who a client is', () => {
  test('can be said until just before the token expires, however long that is', async () => {
    using identity = await identify(credentialsFor(60 * 24 * 60 * 60), null, { verifier: verifierOf(), recheckMs: dayMs });
    await vi.advanceTimersByTimeAsync(60 * dayMs - 2000);
    expect(identity.ended.aborted).toBe(false);
    await vi.advanceTimersByTimeAsync(2000);
    expect(identity.ended.reason).toEqual(new UnauthenticatedError('The token has expired: subscribe again with a fresh one.'));
  });

  test('cannot be said with a token that requests are still forgiven for', async () => {
    await expect(identify(credentialsFor(-2), null, { verifier: verifierOf() })).rejects.toThrow(UnauthenticatedError);
  });

  test('can be said no longer once the token is revoked', async () => {
    const verifier = verifierOf();
    using identity = await identify(credentialsFor(60), null, { verifier, recheckMs: 1000 });
    verifier.revoke({ subject: 'ada' });
    await vi.advanceTimersByTimeAsync(1000);
    expect(identity.ended.reason).toBeInstanceOf(UnauthenticatedError);
  });

  test('stays as it was while the issuer cannot be asked', async () => {
    const real = verifierOf();
    let isDown = false;
    const verifier: TokenVerifier = {
      ...real,
      verify: async (token) => {
        if (isDown) throw new Error('The keys of the issuer cannot be fetched.');
        return await real.verify(token);
      },
    };
    using identity = await identify(credentialsFor(60), null, { verifier, recheckMs: 1000 });
    isDown = true;
    await vi.advanceTimersByTimeAsync(30_000);
    expect(identity.ended.aborted).toBe(false);
    await vi.advanceTimersByTimeAsync(30_000);
    expect(identity.ended.aborted).toBe(true);
  });

  test('is no longer looked at once nobody needs to know', async () => {
    const identity = await identify(credentialsFor(60), null, { verifier: verifierOf() });
    identity[Symbol.dispose]();
    expect(vi.getTimerCount()).toBe(0);
  });
});
