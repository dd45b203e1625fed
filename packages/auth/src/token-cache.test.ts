import { setTimeout as sleep } from 'node:timers/promises';
import { UnauthenticatedError } from '@tenantry/service';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { IdentityProviderUnavailableError } from './errors.ts';
import { startKeyServer, type KeyServer } from './testing/key-server.ts';
import { audience, ecKey, goodClaims, secondsFromNow, signToken, tenantId, type SigningKey } from './testing/signing-key.ts';
import { createTokenVerifier, type TokenVerifier, type TokenVerifierConfig } from './token-verifier.ts';

const key = ecKey();
const minuteMs = 60_000;

function verifierOf(server: KeyServer, options: Partial<TokenVerifierConfig> = {}): TokenVerifier {
  const issuers = [{ issuer: server.issuer, kind: 'jwks', jwksUri: server.jwksUri }] as const;
  return createTokenVerifier({ issuers, audience, tenantClaim: 'tenant_id', keySetLimits: { cooldownMs: 10 }, ...options });
}

function tokenOf(server: KeyServer, claims: Record<string, unknown> = {}, signingKey: SigningKey = key): string {
  return signToken(signingKey, { ...goodClaims, iss: server.issuer, ...claims });
}

/** Moves the clock that expiry goes by, and no timers. */
function passTime(ms: number): void {
  const now = Date.now();
  vi.useFakeTimers({ toFake: ['Date'], now: now + ms });
}

afterEach(() => vi.useRealTimers());

describe('a token that was checked', () => {
  it('gives the same principal again, which nobody can change', async () => {
    await using server = await startKeyServer(key);
    const verifier = verifierOf(server);
    const token = tokenOf(server);
    const principal = await verifier.verify(token);
    expect(await verifier.verify(token)).toBe(principal);
    expect(() => Object.assign(principal, { tenantId: null })).toThrow(TypeError);
    expect(() => Object.assign(principal.scopes, ['tenants:impersonate'])).toThrow(TypeError);
  });

  it('is checked once for all who bring it at once', async () => {
    await using server = await startKeyServer(key);
    const verifier = verifierOf(server);
    const token = tokenOf(server);
    const [one, ...others] = await Promise.all(Array.from({ length: 5 }, async () => await verifier.verify(token)));
    for (const other of others) expect(other).toBe(one);
  });

  it('is good until it expires and a few seconds more, as one that is checked afresh', async () => {
    await using server = await startKeyServer(key);
    const verifier = verifierOf(server);
    const token = tokenOf(server, { exp: secondsFromNow(60) });
    const principal = await verifier.verify(token);
    passTime(minuteMs + 3000);
    expect(await verifier.verify(token)).toBe(principal);
    passTime(3000);
    await expect(verifier.verify(token)).rejects.toThrow(/The token expired at 20/);
  });

  it('does not speak for another token of the same claims', async () => {
    await using server = await startKeyServer(key);
    const verifier = verifierOf(server);
    const token = tokenOf(server);
    await verifier.verify(token);
    const [header, payload] = token.split('.');
    const [, , otherSignature] = tokenOf(server, { sub: 'grace' }).split('.');
    await expect(verifier.verify(`${header}.${payload}.${otherSignature}`)).rejects.toThrow(/invalid signature/);
  });

  it('is checked again when it is no longer remembered for the number of others', async () => {
    await using server = await startKeyServer(key);
    const verifier = verifierOf(server, { cache: { tokens: 2 } });
    const [first, ...others] = ['ada', 'grace', 'alan'].map((sub) => tokenOf(server, { sub }));
    const principal = await verifier.verify(first!);
    for (const other of others) await verifier.verify(other);
    const again = await verifier.verify(first!);
    expect(again).toEqual(principal);
    expect(again).not.toBe(principal);
  });

  it('is checked again when it is no longer remembered for the length of others', async () => {
    await using server = await startKeyServer(key);
    const token = tokenOf(server);
    const verifier = verifierOf(server, { cache: { bytes: token.length + 100 } });
    const principal = await verifier.verify(token);
    expect(await verifier.verify(token)).toBe(principal);
    await verifier.verify(tokenOf(server, { sub: 'grace' }));
    expect(await verifier.verify(token)).not.toBe(principal);
  });
});

describe('a refusal is not remembered:', () => {
  it('a token that comes too early is good in time', async () => {
    await using server = await startKeyServer(key);
    const verifier = verifierOf(server);
    const token = tokenOf(server, { nbf: secondsFromNow(30) });
    await expect(verifier.verify(token)).rejects.toThrow(/not valid before/);
    passTime(minuteMs / 2);
    expect(await verifier.verify(token)).toMatchObject({ subject: 'ada' });
  });

  it('a token whose key is not published yet is good once it is', async () => {
    await using server = await startKeyServer();
    server.keys = [ecKey()];
    const verifier = verifierOf(server);
    const token = tokenOf(server);
    await expect(verifier.verify(token)).rejects.toThrow(/not among the keys/);
    server.keys = [key];
    expect(await verifier.verify(token)).toMatchObject({ subject: 'ada' });
  });
});

describe('the key that signed a token ends it', () => {
  const keySetLimits = { cooldownMs: 0, refreshAfterMs: 20, staleAfterMs: 40 };

  it('when its issuer withdraws the key', async () => {
    await using server = await startKeyServer(key);
    const verifier = verifierOf(server, { keySetLimits });
    const token = tokenOf(server);
    await verifier.verify(token);
    server.keys = [ecKey()];
    await sleep(50);
    await expect(verifier.verify(token)).rejects.toThrow(/not among the keys that its issuer publishes/);
  });

  it('when its issuer publishes another key of the same id', async () => {
    await using server = await startKeyServer(key);
    const verifier = verifierOf(server, { keySetLimits });
    const token = tokenOf(server);
    await verifier.verify(token);
    server.keys = [{ jwk: { ...ecKey().jwk, kid: key.kid } }];
    await sleep(50);
    await expect(verifier.verify(token)).rejects.toThrow(/invalid signature/);
  });

  it('when the key is too old to be trusted and its issuer is down', async () => {
    await using server = await startKeyServer(key);
    const verifier = verifierOf(server, { keySetLimits: { ...keySetLimits, discardAfterMs: 500 } });
    const token = tokenOf(server);
    await verifier.verify(token);
    server.answer = (_request, response) => response.writeHead(503).end();
    await sleep(510);
    await expect(verifier.verify(token)).rejects.toThrow(IdentityProviderUnavailableError);
  });

  it('but not when its issuer publishes the same key again, beside others', async () => {
    await using server = await startKeyServer(key);
    const verifier = verifierOf(server, { keySetLimits });
    const token = tokenOf(server);
    const principal = await verifier.verify(token);
    server.keys = [ecKey(), key];
    await sleep(50);
    expect(await verifier.verify(token)).toBe(principal);
    expect(server.requests).toBeGreaterThan(1);
  });
});

describe('a revocation', () => {
  it('ends a token that was good a moment ago, and leaves others alone', async () => {
    await using server = await startKeyServer(key);
    const verifier = verifierOf(server);
    const [ofAda, ofGrace] = [tokenOf(server), tokenOf(server, { sub: 'grace' })];
    await verifier.verify(ofAda);
    const ofGraceBefore = await verifier.verify(ofGrace);
    verifier.revoke({ subject: 'ada' });
    await expect(verifier.verify(ofAda)).rejects.toThrow(new UnauthenticatedError('The token was revoked. Sign in again.'));
    expect(await verifier.verify(ofGrace)).toBe(ofGraceBefore);
  });

  it('ends a token that comes for the first time, or again', async () => {
    await using server = await startKeyServer(key);
    const verifier = verifierOf(server);
    const token = tokenOf(server);
    verifier.revoke({ tenantId: tenantId.toUpperCase() });
    for (const _time of [1, 2]) await expect(verifier.verify(token)).rejects.toThrow(/revoked/);
  });

  it('ends a token that is being checked', async () => {
    await using server = await startKeyServer(key);
    const verifier = verifierOf(server);
    const verifying = verifier.verify(tokenOf(server, { jti: 'token-1' }));
    verifier.revoke({ tokenId: 'token-1' });
    await expect(verifying).rejects.toThrow(/revoked/);
  });

  it('ends a known token whose key is being looked up', async () => {
    await using server = await startKeyServer(key);
    const verifier = verifierOf(server, { keySetLimits: { cooldownMs: 0, refreshAfterMs: 0, staleAfterMs: 0 } });
    const token = tokenOf(server);
    await verifier.verify(token);
    const verifying = verifier.verify(token);
    verifier.revoke({ issuer: server.issuer });
    await expect(verifying).rejects.toThrow(/revoked/);
  });

  it('lets tokens pass that are issued later', async () => {
    await using server = await startKeyServer(key);
    const verifier = verifierOf(server);
    verifier.revoke({ subject: 'ada', issuedBefore: new Date(Date.now() - minuteMs) });
    expect(await verifier.verify(tokenOf(server))).toMatchObject({ subject: 'ada' });
    await expect(verifier.verify(tokenOf(server, { iat: secondsFromNow(-90) }))).rejects.toThrow(/revoked/);
  });

  it('takes effect in another process that is told of it', async () => {
    await using server = await startKeyServer(key);
    const [one, other] = [verifierOf(server), verifierOf(server)];
    const token = tokenOf(server);
    one.revoke({ subject: 'ada' });
    for (const revocation of one.revocations()) other.revoke(revocation);
    expect(other.revocations()).toEqual(one.revocations());
    await expect(other.verify(token)).rejects.toThrow(/revoked/);
  });
});
