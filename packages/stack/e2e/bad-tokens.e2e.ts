import { createHmac, generateKeyPairSync, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { tokenVariables, tokenVerifierConfig } from '@tenantry/auth';
import { parseEnvironment } from '@tenantry/service';
import jwt, { type SignOptions } from 'jsonwebtoken';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestStack, type TestStack } from './support/test-stack.ts';

const issuer = 'https://issuer.example';
const audience = 'tenantry';
const keys = generateKeyPairSync('rsa', { modulusLength: 2048 });
const strangersKeys = generateKeyPairSync('rsa', { modulusLength: 2048 });
const keyId = 'key-1';

let keyServer: Server;
let stack: TestStack;
let tenantId: string;
let suspendedTenantId: string;

beforeAll(async () => {
  const jwk = { ...keys.publicKey.export({ format: 'jwk' }), kid: keyId, use: 'sig', alg: 'RS256' };
  keyServer = createServer((_request, response) => response.end(JSON.stringify({ keys: [jwk] }))).listen(0, '127.0.0.1');
  await once(keyServer, 'listening');
  const address = keyServer.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  const environment = { JWT_JWKS_URI: `http://127.0.0.1:${port}/jwks`, JWT_ISSUER: issuer, JWT_AUDIENCE: audience };
  stack = await startTestStack({ tokens: tokenVerifierConfig(parseEnvironment(tokenVariables, environment), 'production') });

  const actor = { issuer, subject: 'test', requestId: 'test' };
  const { control } = stack.services;
  if (!control) throw new Error('no control plane');
  tenantId = (await control.provisionTenant({ slug: 'acme', name: 'Acme' }, { actor })).id;
  suspendedTenantId = (await control.provisionTenant({ slug: 'idle', name: 'Idle' }, { actor })).id;
  await control.suspendTenant(suspendedTenantId, actor);
});
afterAll(async () => {
  keyServer.closeAllConnections();
  keyServer.close();
  await stack[Symbol.asyncDispose]();
});

const query = '{ me { id email } users(first: 10) { nodes { email } } }';
const goodClaims = () => ({ sub: 'ada', tenant_id: tenantId });

function sign(claims: object, options: SignOptions = {}, key = keys.privateKey): string {
  return jwt.sign(claims, key, { algorithm: 'RS256', keyid: keyId, issuer, audience, expiresIn: 60, ...options });
}

const encode = (value: object | Buffer): string =>
  (Buffer.isBuffer(value) ? value : Buffer.from(JSON.stringify(value))).toString('base64url');
const now = (): number => Math.floor(Date.now() / 1000);

/** The classic confusion: the public key, which everybody has, used as an HMAC secret. */
function signedWithThePublicKey(): string {
  const head = encode({ alg: 'HS256', typ: 'JWT', kid: keyId });
  const body = encode({ ...goodClaims(), iss: issuer, aud: audience, exp: now() + 60 });
  const secret = keys.publicKey.export({ type: 'spki', format: 'pem' });
  return `${head}.${body}.${encode(createHmac('sha256', secret).update(`${head}.${body}`).digest())}`;
}

const unsigned = () =>
  `${encode({ alg: 'none', typ: 'JWT' })}.${encode({ ...goodClaims(), iss: issuer, aud: audience, exp: now() + 60 })}.`;

const badTokens: Record<string, { token: () => string | null; code: string }> = {
  missing: { token: () => null, code: 'UNAUTHENTICATED' },
  malformed: { token: () => 'not.a.token', code: 'UNAUTHENTICATED' },
  expired: { token: () => sign(goodClaims(), { expiresIn: -60 }), code: 'UNAUTHENTICATED' },
  'without an expiry': {
    token: () => jwt.sign({ ...goodClaims(), iss: issuer, aud: audience }, keys.privateKey, { algorithm: 'RS256', keyid: keyId }),
    code: 'UNAUTHENTICATED',
  },
  'not yet valid': { token: () => sign(goodClaims(), { notBefore: 60 }), code: 'UNAUTHENTICATED' },
  'of another issuer': { token: () => sign(goodClaims(), { issuer: 'https://other.example' }), code: 'UNAUTHENTICATED' },
  'for another audience': { token: () => sign(goodClaims(), { audience: 'other' }), code: 'UNAUTHENTICATED' },
  'signed by a stranger': { token: () => sign(goodClaims(), {}, strangersKeys.privateKey), code: 'UNAUTHENTICATED' },
  'with alg none': { token: unsigned, code: 'UNAUTHENTICATED' },
  'HS256 signed with the RSA public key': { token: signedWithThePublicKey, code: 'UNAUTHENTICATED' },
  'with an unknown kid': { token: () => sign(goodClaims(), { keyid: 'unknown' }), code: 'UNAUTHENTICATED' },
  'with a malformed tenant claim': { token: () => sign({ sub: 'ada', tenant_id: "x'; DROP DATABASE postgres" }), code: 'UNAUTHENTICATED' },
  'without a tenant claim': { token: () => sign({ sub: 'ada' }), code: 'TENANT_REQUIRED' },
  'for an unknown tenant': { token: () => sign({ sub: 'ada', tenant_id: randomUUID() }), code: 'TENANT_NOT_FOUND' },
  'for a suspended tenant': { token: () => sign({ sub: 'ada', tenant_id: suspendedTenantId }), code: 'TENANT_SUSPENDED' },
};

describe('a token', () => {
  test.each(Object.entries(badTokens))('%s is refused with its code and no data', async (_name, { token, code }) => {
    const answer = await stack.ask(token(), query);
    expect(answer.errors?.map(({ extensions }) => extensions.code)).toEqual(expect.arrayContaining([code]));
    expect(new Set(answer.errors?.map(({ extensions }) => extensions.code))).toEqual(new Set([code]));
    expect(Object.values(answer.data ?? {}).every((value) => value === null)).toBe(true);
  });

  test('that is good is accepted, which shows that the others fail for their own fault', async () => {
    expect(await stack.ask(sign(goodClaims()), '{ me { id } }')).toMatchObject({ status: 200, data: { me: null } });
  });

  test.each(['Basic abc', 'Bearer', 'Bearer  a b', 'bearer\ttoken'])('in the header %j is refused', async (authorization) => {
    const answer = await stack.ask(null, query, {}, { authorization });
    expect(answer).toMatchObject({ status: 401, data: null, errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] });
  });
});
