import { createHmac, generateKeyPairSync, type KeyObject } from 'node:crypto';
import type { TokenVerifierConfig } from '@tenantry/auth';
import jwt from 'jsonwebtoken';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listenHttp, type HttpListener } from './support/listen-http.ts';
import { startTestGateway, tenantId, type TestGateway } from './support/test-gateway.ts';

const issuer = 'https://issuer.example';
const audience = 'tenantry-test';
const trusted = generateKeyPairSync('rsa', { modulusLength: 2048 });
const foreign = generateKeyPairSync('rsa', { modulusLength: 2048 });

let keyServer: HttpListener;
let gateway: TestGateway;
beforeAll(async () => {
  const key = { ...trusted.publicKey.export({ format: 'jwk' }), kid: 'current', use: 'sig', alg: 'RS256' };
  keyServer = await listenHttp((_request, response) => response.end(JSON.stringify({ keys: [key] })));
  gateway = await startTestGateway({ mode: 'production', tokens: tokensOf(`${keyServer.url}/jwks`) });
});
afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  await keyServer[Symbol.asyncDispose]();
});

function tokensOf(jwksUri: string): TokenVerifierConfig {
  return { issuers: [{ kind: 'jwks', issuer, jwksUri }], audience, tenantClaim: 'tenant_id' };
}

const now = Math.floor(Date.now() / 1000);
const claims = { sub: 'ada', iss: issuer, aud: audience, tenant_id: tenantId, exp: now + 60 };

function sign(changes: object = {}, { kid = 'current', key = trusted.privateKey }: { kid?: string; key?: KeyObject } = {}): string {
  return jwt.sign(JSON.parse(JSON.stringify({ ...claims, ...changes })), key, { algorithm: 'RS256', keyid: kid });
}

/** Joins header, claims and signature by hand: what no library would sign. */
function forge(header: object, signature: (content: string) => string): string {
  const content = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  return `${content}.${signature(content)}`;
}

function hmacWithPublicKey(content: string): string {
  const publicKey = trusted.publicKey.export({ type: 'spki', format: 'pem' });
  return createHmac('sha256', publicKey).update(content).digest('base64url');
}

const query = '{ me { id } context { tenantId } }';

describe('a token', () => {
  test('that verifies reaches the data of its own tenant', async () => {
    const { status, body } = await gateway.post({ query }, { token: sign() });
    expect({ status, body }).toEqual({ status: 200, body: { data: { me: { id: 'ada' }, context: { tenantId } } } });
  });

  test.each([
    ['is no token', 'nonsense'],
    ['has two parts', 'a.b'],
    ['has parts that are no JSON', 'a.b.c'],
    ['has expired', sign({ exp: now - 60 })],
    ['never expires', sign({ exp: undefined })],
    ['is not valid yet', sign({ nbf: now + 60 })],
    ['is of another issuer', sign({ iss: 'https://elsewhere.example' })],
    ['is of no issuer', sign({ iss: undefined })],
    ['is for another audience', sign({ aud: 'elsewhere' })],
    ['is for no audience', sign({ aud: undefined })],
    ['has no subject', sign({ sub: undefined })],
    ['has a tenant that is no id', sign({ tenant_id: 'acme' })],
    ['has no signature', forge({ alg: 'none', typ: 'JWT' }, () => '')],
    ['has no signature, and says so in capitals', forge({ alg: 'NONE', typ: 'JWT', kid: 'current' }, () => '')],
    ['is signed with the public key as a shared secret', forge({ alg: 'HS256', typ: 'JWT', kid: 'current' }, hmacWithPublicKey)],
    ['is signed with a foreign key', sign({}, { key: foreign.privateKey })],
    ['names an unknown key', sign({}, { kid: 'unknown' })],
    ['was changed after it was signed', sign().replace(/\.(.)/, (_match, first) => `.${first === 'e' ? 'f' : 'e'}`)],
    ['has lost its signature', sign().replace(/\.[^.]*$/, '.')],
  ])('that %s is refused, with no data', async (_what, token) => {
    const { status, headers, body } = await gateway.post({ query: '{ __typename greet(name: "x") }' }, { token });
    expect(status).toBe(401);
    expect(headers.get('www-authenticate')).toBe('Bearer error="invalid_token"');
    expect(body).toEqual({ errors: [{ message: expect.any(String), extensions: { code: 'UNAUTHENTICATED' } }] });
    expect(body.errors?.[0]?.message).not.toContain(token);
  });

  test('that is bad has status 401 as application/json too', async () => {
    const { status, body } = await gateway.post({ query }, { token: 'nonsense', headers: { accept: 'application/json' } });
    expect({ status, code: body.errors?.[0]?.extensions.code }).toEqual({ status: 401, code: 'UNAUTHENTICATED' });
  });

  test.each([['Basic YWRhOmFkYQ=='], ['Bearer'], ['Bearer two tokens'], ['']])('does not come as %j', async (authorization) => {
    const { status, body } = await gateway.post({ query: '{ __typename }' }, { headers: { authorization } });
    expect({ status, code: body.errors?.[0]?.extensions.code }).toEqual({ status: 401, code: 'UNAUTHENTICATED' });
  });
});

describe('no token', () => {
  test('reaches what is open', async () => {
    const { status, body } = await gateway.post({ query: '{ __typename greet(name: "you") }' });
    expect({ status, body }).toEqual({ status: 200, body: { data: { __typename: 'Query', greet: 'Hello, you!' } } });
  });

  test('reaches nothing else', async () => {
    const { status, headers, body } = await gateway.post({ query: '{ greet(name: "you") me { id } }' });
    expect({ status, challenge: headers.get('www-authenticate') }).toEqual({ status: 401, challenge: 'Bearer' });
    expect(body).toEqual({ errors: [{ message: 'Sign in to reach Query.me, Person.', extensions: { code: 'UNAUTHENTICATED' } }] });
  });

  test('and a tenant of choice is refused', async () => {
    const { status, body } = await gateway.post({ query: '{ __typename }' }, { headers: { 'x-tenant-id': tenantId } });
    expect({ status, code: body.errors?.[0]?.extensions.code }).toEqual({ status: 401, code: 'UNAUTHENTICATED' });
  });
});

async function ask(token: string, requested: string) {
  return await gateway.post({ query: '{ context { tenantId impersonated } }' }, { token, headers: { 'x-tenant-id': requested } });
}

describe('x-tenant-id', () => {
  const otherTenantId = 'd4ad41f1-4f0a-4d44-8be9-67cf7b7e1f56';
  test('may repeat the tenant of the token', async () => {
    const { body } = await ask(sign(), tenantId);
    expect(body).toEqual({ data: { context: { tenantId, impersonated: false } } });
  });

  test('is refused where it names another', async () => {
    const { status, body } = await ask(sign({ scope: 'tenants:impersonate' }), otherTenantId);
    expect({ status, body }).toMatchObject({ status: 403, body: { errors: [{ extensions: { code: 'FORBIDDEN' } }] } });
  });

  test('narrows an operator who may impersonate', async () => {
    const { body } = await ask(sign({ tenant_id: undefined, scope: 'tenants:impersonate' }), otherTenantId);
    expect(body).toEqual({ data: { context: { tenantId: otherTenantId, impersonated: true } } });
  });

  test('is refused to an operator who may not', async () => {
    const { status, body } = await ask(sign({ tenant_id: undefined, scope: 'tenants:read' }), otherTenantId);
    expect({ status, body }).toMatchObject({ status: 403, body: { errors: [{ extensions: { code: 'FORBIDDEN' } }] } });
  });

  test('must be an id', async () => {
    const { status, body } = await ask(sign(), 'acme');
    expect({ status, body }).toMatchObject({ status: 400, body: { errors: [{ extensions: { code: 'BAD_USER_INPUT' } }] } });
  });
});

test('keys that cannot be fetched are a fault of ours, not of the token', async () => {
  await using blind = await startTestGateway({ tokens: tokensOf('http://127.0.0.1:1/jwks') });
  const { status, body } = await blind.post({ query: '{ __typename }' }, { token: sign(), headers: { 'x-request-id': 'r-1' } });
  expect(status).toBe(503);
  expect(body).toEqual({
    errors: [
      {
        message: 'Something went wrong on our side.',
        extensions: { code: 'INTERNAL_SERVER_ERROR', requestId: 'r-1', retryAfterMs: expect.any(Number) },
      },
    ],
  });
});
