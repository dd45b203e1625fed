import { generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { Provider, type JWK } from 'oidc-provider';
import { z } from 'zod';

export interface OpenIdProvider extends AsyncDisposable {
  readonly issuer: string;
  /** `jwks_uri` of the discovery document (OpenID Connect Discovery §3). */
  discoverKeySet(): Promise<string>;
  /** Signs with a fresh key from now on; the former keys stay published, as OpenID Connect Core §10.1.1 wants it. */
  rotateKeys(): void;
  /** An access token (JWT, RFC 9068) by the client-credentials grant, with these further claims. */
  issueToken(claims: Record<string, unknown>): Promise<string>;
}

export const audience = 'https://api.tenantry.example';

/** A real OpenID provider on a free port. */
export async function startOpenIdProvider(): Promise<OpenIdProvider> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const issuer = `http://127.0.0.1:${address.port}`;
  const client = { client_id: 'frontend', client_secret: randomBytes(24).toString('hex') };

  let keys: JWK[] = [];
  let nextClaims: Record<string, unknown> = {};
  const rotateKeys = (): void => {
    keys = [newSigningKey(), ...keys];
    serve(
      server,
      newProvider(issuer, client, keys, () => nextClaims),
    );
  };
  rotateKeys();

  return {
    issuer,
    rotateKeys,
    discoverKeySet: async () => {
      const discovery = await fetch(`${issuer}/.well-known/openid-configuration`);
      return z.object({ jwks_uri: z.string() }).parse(await discovery.json()).jwks_uri;
    },
    issueToken: async (claims) => {
      nextClaims = claims;
      const response = await fetch(`${issuer}/token`, {
        method: 'POST',
        headers: { authorization: `Basic ${Buffer.from(`${client.client_id}:${client.client_secret}`).toString('base64')}` },
        body: new URLSearchParams({ grant_type: 'client_credentials', resource: audience }),
      });
      return z.object({ access_token: z.string() }).parse(await response.json()).access_token;
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function newProvider(
  issuer: string,
  client: { client_id: string; client_secret: string },
  keys: JWK[],
  claims: () => Record<string, unknown>,
): Provider {
  return new Provider(issuer, {
    clients: [{ ...client, grant_types: ['client_credentials'], redirect_uris: [], response_types: [] }],
    jwks: { keys },
    extraTokenClaims: () => claims(),
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: () => ({ audience, scope: '', accessTokenFormat: 'jwt', accessTokenTTL: 600 }),
      },
    },
  });
}

function serve(server: Server, provider: Provider): void {
  server.removeAllListeners('request');
  const answer = provider.callback();
  server.on('request', (request, response) => void answer(request, response));
}

function newSigningKey(): JWK {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return { ...privateKey.export({ format: 'jwk' }), kid: randomUUID(), use: 'sig', alg: 'RS256' };
}
