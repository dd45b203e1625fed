import { once } from 'node:events';
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import jwt from 'jsonwebtoken';
import { Provider, type JWK } from 'oidc-provider';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { audience, ecKey, rsaKey, tenantId, type SigningKey } from './testing/signing-key.ts';
import { createTokenVerifier, type TokenVerifier } from './token-verifier.ts';

const client = { id: 'backend', secret: 'a-client-secret-of-the-test' };

/** A real OpenID provider on a free port, whose signing keys can be exchanged as an operator of one would. */
interface OpenIdProvider extends AsyncDisposable {
  readonly issuer: string;
  /** The first key signs; all of them are published. */
  rotateTo(...keys: readonly SigningKey[]): void;
}

async function startOpenIdProvider(...keys: readonly SigningKey[]): Promise<OpenIdProvider> {
  let handle: ReturnType<Provider['callback']>;
  const server = createServer((request, response) => void handle(request, response));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the provider has no port');
  const issuer = `http://127.0.0.1:${address.port}`;
  const rotateTo = (...next: readonly SigningKey[]): void => {
    handle = createProvider(issuer, next).callback();
  };
  rotateTo(...keys);
  return {
    issuer,
    rotateTo,
    [Symbol.asyncDispose]: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

function createProvider(issuer: string, keys: readonly SigningKey[]): Provider {
  const [signing] = keys;
  if (!signing) throw new Error('a provider needs a key');
  return new Provider(issuer, {
    clients: [
      { client_id: client.id, client_secret: client.secret, grant_types: ['client_credentials'], redirect_uris: [], response_types: [] },
    ],
    jwks: { keys: keys.map(privateJwk) },
    scopes: ['tenants:read'],
    clientDefaults: { id_token_signed_response_alg: 'RS256' },
    ttl: { ClientCredentials: 60 },
    extraTokenClaims: () => ({ tenant_id: tenantId }),
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: () => ({
          scope: 'tenants:read profile',
          audience,
          accessTokenFormat: 'jwt',
          jwt: { sign: { alg: signing.algorithm === 'ES256' ? 'ES256' : 'RS256', kid: signing.kid } },
        }),
      },
    },
  });
}

function privateJwk(key: SigningKey): JWK {
  return { ...key.privateKey.export({ format: 'jwk' }), kid: key.kid, use: 'sig' };
}

async function getJson<T>(schema: z.ZodType<T>, url: string, init?: RequestInit): Promise<T> {
  const response = await fetch(url, init);
  const body: unknown = await response.json();
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${JSON.stringify(body)}`);
  return schema.parse(body);
}

const discoverySchema = z.object({ issuer: z.string(), jwks_uri: z.string(), token_endpoint: z.string() });

async function discover(provider: OpenIdProvider): Promise<z.output<typeof discoverySchema>> {
  return await getJson(discoverySchema, `${provider.issuer}/.well-known/openid-configuration`);
}

async function fetchToken(tokenEndpoint: string): Promise<string> {
  const body = new URLSearchParams({ grant_type: 'client_credentials', resource: audience, scope: 'tenants:read' });
  const authorization = `Basic ${Buffer.from(`${client.id}:${client.secret}`).toString('base64')}`;
  const answer = await getJson(z.object({ access_token: z.string() }), tokenEndpoint, { method: 'POST', body, headers: { authorization } });
  return answer.access_token;
}

const [first, second, third, fourth] = [rsaKey(), ecKey(), rsaKey(), ecKey()];
let provider: OpenIdProvider;
let tokenEndpoint: string;
let verifier: TokenVerifier;

beforeAll(async () => {
  provider = await startOpenIdProvider(first);
  const discovered = await discover(provider);
  tokenEndpoint = discovered.token_endpoint;
  verifier = createTokenVerifier({
    issuers: [{ issuer: discovered.issuer, kind: 'jwks', jwksUri: discovered.jwks_uri }],
    audience,
    tenantClaim: 'tenant_id',
    keySetLimits: { cooldownMs: 100 },
  });
});

afterAll(async () => await provider[Symbol.asyncDispose]());

it("verifies the tokens of an OpenID provider, and refuses none while the provider's keys rotate", async () => {
  const expected = { issuer: provider.issuer, subject: client.id, tenantId };
  expect(await verifier.verify(await fetchToken(tokenEndpoint))).toMatchObject(expected);

  const rotated = new AbortController();
  const keyIds = new Set<unknown>();
  const traffic = Array.from({ length: 4 }, async () => {
    while (!rotated.signal.aborted) {
      const token = await fetchToken(tokenEndpoint);
      expect(await verifier.verify(token)).toMatchObject(expected);
      keyIds.add(jwt.decode(token, { complete: true })?.header.kid);
    }
  });
  for (const keys of [
    [second, first],
    [third, second],
    [fourth, third],
  ]) {
    await sleep(200);
    provider.rotateTo(...keys);
  }
  await sleep(200);
  rotated.abort();
  await Promise.all(traffic);
  expect(keyIds).toEqual(new Set([first, second, third, fourth].map(({ kid }) => kid)));
});
