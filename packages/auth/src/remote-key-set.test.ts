import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { IdentityProviderUnavailableError } from './errors.ts';
import { RemoteKeySet } from './remote-key-set.ts';
import { startKeyServer } from './testing/key-server.ts';
import { ecKey } from './testing/signing-key.ts';

const fail500 = (_request: unknown, response: { writeHead(status: number): { end(): void } }) => response.writeHead(500).end();

describe('a remote key set', () => {
  it('fetches once for all who ask at the same time, and then no more', async () => {
    const key = ecKey();
    await using server = await startKeyServer(key);
    const keySet = new RemoteKeySet(server.jwksUri);
    const found = await Promise.all(Array.from({ length: 50 }, async () => await keySet.find(key.kid)));
    expect(found.every((each) => each?.key.equals(key.publicKey))).toBe(true);
    await keySet.find(key.kid);
    expect(server.requests).toBe(1);
  });

  it('finds the key of a rotation on its first use, and keeps the old one while it is published', async () => {
    const [old, next] = [ecKey(), ecKey()];
    await using server = await startKeyServer(old);
    const keySet = new RemoteKeySet(server.jwksUri, { cooldownMs: 20 });
    await keySet.find(old.kid);
    server.keys = [next, old];
    expect((await keySet.find(next.kid))?.key.equals(next.publicKey)).toBe(true);
    expect((await keySet.find(old.kid))?.key.equals(old.publicKey)).toBe(true);
    expect(server.requests).toBe(2);
  });

  it('asks the provider at most once per cooldown, whatever key ids are made up', async () => {
    const key = ecKey();
    await using server = await startKeyServer(key);
    const cooldownMs = 200;
    const keySet = new RemoteKeySet(server.jwksUri, { cooldownMs });
    const startedAt = performance.now();
    for (let round = 0; round < 3; round += 1) {
      const found = await Promise.all(Array.from({ length: 200 }, async () => await keySet.find(randomUUID())));
      expect(found.every((each) => each === null)).toBe(true);
    }
    const cooldowns = Math.ceil((performance.now() - startedAt) / cooldownMs);
    expect(server.requests).toBeGreaterThan(1);
    expect(server.requests).toBeLessThanOrEqual(cooldowns + 1);
  });

  it('answers for keys it holds at once while made-up key ids wait for the cooldown', async () => {
    const key = ecKey();
    await using server = await startKeyServer(key);
    const keySet = new RemoteKeySet(server.jwksUri, { cooldownMs: 500 });
    await keySet.find(key.kid);
    const madeUp = keySet.find(randomUUID());
    const winner = await Promise.race([madeUp.then(() => 'made up'), keySet.find(key.kid).then(() => 'held')]);
    expect(winner).toBe('held');
    expect(await madeUp).toBeNull();
  });

  it('finds a rotated key even while made-up key ids use up every fetch', async () => {
    const [old, next] = [ecKey(), ecKey()];
    await using server = await startKeyServer(old);
    const keySet = new RemoteKeySet(server.jwksUri, { cooldownMs: 50 });
    const attackEnds = new AbortController();
    const attack = Promise.all(
      Array.from({ length: 20 }, async () => {
        while (!attackEnds.signal.aborted) await keySet.find(randomUUID());
      }),
    );
    for (const key of [next, ecKey(), ecKey()]) {
      await sleep(Math.random() * 100);
      server.keys = [key];
      expect((await keySet.find(key.kid))?.key.equals(key.publicKey)).toBe(true);
    }
    attackEnds.abort();
    await attack;
  });

  it('lets a caller who comes during a fetch share its answer', async () => {
    const key = ecKey();
    await using server = await startKeyServer(key);
    const keySet = new RemoteKeySet(server.jwksUri, { cooldownMs: 60_000 });
    const asked = Promise.withResolvers<void>();
    const release = Promise.withResolvers<void>();
    server.answer = (_request, response) => {
      asked.resolve();
      void release.promise.then(() => response.end(JSON.stringify({ keys: [key.jwk] })));
    };
    const first = keySet.find(key.kid);
    await asked.promise;
    const second = keySet.find(key.kid);
    release.resolve();
    expect(await second).toBe(await first);
    expect(server.requests).toBe(1);
  });

  it('finds a key that was published after the fetch under way had been answered', async () => {
    const [old, next] = [ecKey(), ecKey()];
    await using server = await startKeyServer(old);
    const keySet = new RemoteKeySet(server.jwksUri, { cooldownMs: 20 });
    const asked = Promise.withResolvers<void>();
    const release = Promise.withResolvers<void>();
    server.answer = (_request, response) => {
      server.answer = null;
      const body = JSON.stringify({ keys: [old.jwk] });
      asked.resolve();
      void release.promise.then(() => response.end(body));
    };
    const first = keySet.find(old.kid);
    await asked.promise;
    server.keys = [next, old];
    const second = keySet.find(next.kid);
    release.resolve();
    expect(await first).not.toBeNull();
    expect((await second)?.key.equals(next.publicKey)).toBe(true);
  });

  it('goes on with the keys it holds while the provider is down, and says of others that it cannot tell', async () => {
    const [held, next] = [ecKey(), ecKey()];
    await using server = await startKeyServer(held);
    const keySet = new RemoteKeySet(server.jwksUri, { cooldownMs: 20, refreshAfterMs: 30, staleAfterMs: 40 });
    await keySet.find(held.kid);
    server.answer = fail500;
    await sleep(50);
    expect((await keySet.find(held.kid))?.key.equals(held.publicKey)).toBe(true);
    await expect(keySet.find(next.kid)).rejects.toThrow(IdentityProviderUnavailableError);
    await expect(keySet.find(next.kid)).rejects.toMatchObject({ code: 'INTERNAL_SERVER_ERROR', retryAfterMs: 20 });

    server.answer = null;
    server.keys = [next];
    expect(await keySet.find(next.kid)).not.toBeNull();
  });

  it('does not make callers wait for a provider that failed a moment ago', async () => {
    const key = ecKey();
    await using server = await startKeyServer(key);
    const keySet = new RemoteKeySet(server.jwksUri, { cooldownMs: 10, timeoutMs: 3000, refreshAfterMs: 500, staleAfterMs: 500 });
    await keySet.find(key.kid);
    await sleep(520);
    server.answer = fail500;
    expect(await keySet.find(key.kid)).not.toBeNull();
    server.answer = () => {};
    const startedAt = performance.now();
    expect(await keySet.find(key.kid)).not.toBeNull();
    expect(performance.now() - startedAt).toBeLessThan(1000);
    expect(server.requests).toBe(2);
    await expect.poll(() => server.requests).toBe(3);
  });

  it('fetches an ageing set again in the background', async () => {
    const [old, next] = [ecKey(), ecKey()];
    await using server = await startKeyServer(old);
    const keySet = new RemoteKeySet(server.jwksUri, { cooldownMs: 10, refreshAfterMs: 30 });
    await keySet.find(old.kid);
    server.keys = [next];
    await sleep(50);
    expect(await keySet.find(old.kid)).not.toBeNull();
    await expect.poll(() => server.requests).toBe(2);
    await expect.poll(async () => await keySet.find(old.kid)).toBeNull();
  });

  it('never uses a withdrawn key once the set is stale', async () => {
    const [withdrawn, other] = [ecKey(), ecKey()];
    await using server = await startKeyServer(withdrawn, other);
    const keySet = new RemoteKeySet(server.jwksUri, { cooldownMs: 10, refreshAfterMs: 20, staleAfterMs: 30 });
    await keySet.find(withdrawn.kid);
    server.keys = [other];
    await sleep(50);
    expect(await keySet.find(withdrawn.kid)).toBeNull();
  });

  it('trusts no key for ever: an outage that lasts too long makes it unavailable', async () => {
    const key = ecKey();
    await using server = await startKeyServer(key);
    const keySet = new RemoteKeySet(server.jwksUri, { cooldownMs: 10, refreshAfterMs: 20, staleAfterMs: 30, discardAfterMs: 60 });
    await keySet.find(key.kid);
    server.answer = fail500;
    await sleep(80);
    await expect(keySet.find(key.kid)).rejects.toThrow(IdentityProviderUnavailableError);
  });

  it('gives up on a provider that does not answer in time', async () => {
    await using server = await startKeyServer();
    server.answer = () => {};
    const keySet = new RemoteKeySet(server.jwksUri, { timeoutMs: 50 });
    await expect(keySet.find('any')).rejects.toThrow(IdentityProviderUnavailableError);
  });

  it('gives up on an answer that drips without end', async () => {
    await using server = await startKeyServer();
    server.answer = (request, response) => {
      const drip = setInterval(() => response.write(' '), 10);
      request.on('close', () => clearInterval(drip));
    };
    const keySet = new RemoteKeySet(server.jwksUri, { timeoutMs: 100 });
    await expect(keySet.find('any')).rejects.toThrow(IdentityProviderUnavailableError);
  });

  it.each([
    { what: 'an error', status: 404, body: '{"keys":[]}' },
    { what: 'something else than JSON', status: 200, body: '<html>' },
    { what: 'something else than a key set', status: 200, body: '[]' },
    { what: 'a set without keys', status: 200, body: '{"keys":[]}' },
    { what: 'only secret keys', status: 200, body: '{"keys":[{"kty":"oct","kid":"any","k":"c2VjcmV0"}]}' },
  ])('does not blame the caller when the provider answers with $what', async ({ status, body }) => {
    await using server = await startKeyServer();
    server.answer = (_request, response) => response.writeHead(status).end(body);
    const keySet = new RemoteKeySet(server.jwksUri);
    await expect(keySet.find('any')).rejects.toThrow(IdentityProviderUnavailableError);
  });

  it('takes keys from the configured place only, wherever that may redirect to', async () => {
    const key = ecKey();
    await using elsewhere = await startKeyServer(key);
    await using server = await startKeyServer();
    server.answer = (_request, response) => response.writeHead(302, { location: elsewhere.jwksUri }).end();
    const keySet = new RemoteKeySet(server.jwksUri);
    await expect(keySet.find(key.kid)).rejects.toThrow(IdentityProviderUnavailableError);
    expect(elsewhere.requests).toBe(0);
  });

  it('does not blame the caller when nobody listens', async () => {
    const server = await startKeyServer();
    await server[Symbol.asyncDispose]();
    const keySet = new RemoteKeySet(server.jwksUri);
    await expect(keySet.find('any')).rejects.toThrow(IdentityProviderUnavailableError);
  });
});
