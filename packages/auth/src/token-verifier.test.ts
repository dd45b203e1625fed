import { createHmac, generateKeyPairSync, randomBytes, randomUUID, sign as signBytes } from 'node:crypto';
import { UnauthenticatedError } from '@tenantry/service';
import * as fc from 'fast-check';
import jwt from 'jsonwebtoken';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { IdentityProviderUnavailableError } from './errors.ts';
import { startKeyServer, type KeyServer } from './testing/key-server.ts';
import { audience, ecKey, forgeToken, goodClaims, rsaKey, secondsFromNow, signToken, tenantId } from './testing/signing-key.ts';
import type { TrustedIssuer } from './token-check.ts';
import { createTokenVerifier, type TokenVerifier } from './token-verifier.ts';

const rsa = rsaKey();
const p256 = ecKey('P-256');
const p384 = ecKey('P-384');
const p521 = ecKey('P-521');
const onlyPs256 = rsaKey({ algorithm: 'PS256' });
const short = rsaKey({ modulusLength: 1024 });
const ed25519 = generateKeyPairSync('ed25519');
const ed25519Jwk = { ...ed25519.publicKey.export({ format: 'jwk' }), kid: 'edwards', use: 'sig' };

let server: KeyServer;
let verifier: TokenVerifier;
let iss: string;

beforeAll(async () => {
  const published = [rsa, p256, p384, p521, short, { jwk: { ...onlyPs256.jwk, alg: 'PS256' } }, { jwk: ed25519Jwk }];
  server = await startKeyServer(...published);
  iss = server.issuer;
  verifier = verifierOf({ issuer: iss, kind: 'jwks', jwksUri: server.jwksUri });
});

afterAll(async () => await server[Symbol.asyncDispose]());

function verifierOf(...issuers: TrustedIssuer[]): TokenVerifier {
  return createTokenVerifier({ issuers, audience, tenantClaim: 'tenant_id', keySetLimits: { cooldownMs: 10 } });
}

describe('a token signed with a published key', () => {
  it('says who its bearer is', async () => {
    const exp = secondsFromNow(60);
    const token = signToken(rsa, {
      ...goodClaims,
      iss,
      exp,
      tenant_id: tenantId.toUpperCase(),
      email: ' Ada@Example.com ',
      email_verified: true,
    });
    expect(await verifier.verify(token)).toEqual({
      issuer: iss,
      subject: 'ada',
      tenantId,
      scopes: ['profile', 'email'],
      email: 'ada@example.com',
      emailVerified: true,
      expiresAt: exp,
    });
  });

  it.each(['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'] as const)('is accepted with an RSA key and %s', async (algorithm) => {
    const token = signToken({ ...rsa, algorithm }, { ...goodClaims, iss });
    expect(await verifier.verify(token)).toMatchObject({ subject: 'ada' });
  });

  it.each([p256, p384, p521])('is accepted with a key on a curve and $algorithm', async (key) => {
    expect(await verifier.verify(signToken(key, { ...goodClaims, iss }))).toMatchObject({ subject: 'ada' });
  });

  it.each([
    { claims: { scope: 'a b  b', scp: ['c', 'a'] }, scopes: ['a', 'b', 'c'] },
    { claims: { scope: undefined, scp: 'a b' }, scopes: ['a', 'b'] },
    { claims: { scope: ['a', 'b'] }, scopes: ['a', 'b'] },
    { claims: { scope: undefined }, scopes: [] },
  ])('may hold its scopes as $claims', async ({ claims, scopes }) => {
    expect(await verifier.verify(signToken(rsa, { ...goodClaims, ...claims, iss }))).toMatchObject({ scopes });
  });

  it('keeps the scopes of an operator only without a tenant', async () => {
    const scope = 'profile tenants:read tenants:write tenants:impersonate tenants:anything';
    const ofTenant = await verifier.verify(signToken(rsa, { ...goodClaims, iss, scope }));
    expect(ofTenant).toMatchObject({ tenantId, scopes: ['profile'] });
    const ofOperator = await verifier.verify(signToken(rsa, { ...goodClaims, iss, scope, tenant_id: undefined }));
    expect(ofOperator).toMatchObject({ tenantId: null, scopes: scope.split(' ') });
  });

  it.each([
    { claims: {}, email: null, emailVerified: false },
    { claims: { email: '' }, email: null, emailVerified: false },
    { claims: { email: 'ada@example.com' }, email: 'ada@example.com', emailVerified: false },
    { claims: { email: 'ada@example.com', email_verified: 'true' }, email: 'ada@example.com', emailVerified: true },
    { claims: { email: 'ada@example.com', email_verified: 'false' }, email: 'ada@example.com', emailVerified: false },
  ])('vouches for an email only as far as it says: $claims', async ({ claims, email, emailVerified }) => {
    expect(await verifier.verify(signToken(rsa, { ...goodClaims, ...claims, iss }))).toMatchObject({ email, emailVerified });
  });

  it('may name several audiences, and the types of an access token', async () => {
    const aud = ['https://other.test', audience];
    for (const typ of ['at+jwt', 'application/at+jwt', 'jwt']) {
      const token = signToken(rsa, { ...goodClaims, iss, aud }, { header: { alg: 'RS256', typ } });
      expect(await verifier.verify(token)).toMatchObject({ subject: 'ada' });
    }
  });

  it('may be off by a few seconds of clock difference', async () => {
    const claims = { ...goodClaims, iss, exp: secondsFromNow(-2), nbf: secondsFromNow(3) };
    expect(await verifier.verify(signToken(rsa, claims))).toMatchObject({ subject: 'ada' });
  });

  it('may carry its tenant in a claim of another name', async () => {
    const tenantClaim = 'https://tenantry.test/tenant';
    const custom = createTokenVerifier({ issuers: [{ issuer: iss, kind: 'jwks', jwksUri: server.jwksUri }], audience, tenantClaim });
    const token = signToken(rsa, { ...goodClaims, iss, tenant_id: 'ignored', [tenantClaim]: tenantId });
    expect(await custom.verify(token)).toMatchObject({ tenantId });
  });
});

const good = (claims: Record<string, unknown> = {}): string => signToken(rsa, { ...goodClaims, iss, ...claims });
const forgedClaims = () => ({ ...goodClaims, iss, exp: secondsFromNow(60) });
const rs256 = (input: Buffer): Buffer => signBytes('sha256', input, rsa.privateKey);
const shortRs256 = (input: Buffer): Buffer => signBytes('sha256', input, short.privateKey);
const edDsa = (input: Buffer): Buffer => signBytes(null, input, ed25519.privateKey);
const hmacWithPublicKey = (input: Buffer): Buffer =>
  createHmac('sha256', rsa.publicKey.export({ format: 'pem', type: 'spki' }))
    .update(input)
    .digest();

describe('a bad token is refused', () => {
  const cases: [what: string, token: () => string, message: RegExp][] = [
    ['empty', () => '', /not a signed JSON Web Token/],
    ['not a JWT', () => 'opaque-token', /not a signed JSON Web Token/],
    ['three parts of nothing', () => 'a.b.c', /not a signed JSON Web Token/],
    ['with a header that is not JSON', () => good().replace(/^[^.]+/, 'bm9wZQ'), /not a signed JSON Web Token/],
    ['with a payload that is not JSON', () => good().replace(/\.[^.]+\./, '.bm9wZQ.'), /not a signed JSON Web Token/],
    [
      'with a payload that is a list',
      () => forgeToken({ alg: 'RS256', kid: rsa.kid }, [], () => randomBytes(256)),
      /claims are not usable/,
    ],
    ['too long', () => good({ padding: 'x'.repeat(8192) }), /longer than 8192 bytes/],
    ['expired', () => good({ exp: Date.UTC(2026, 0, 2, 3, 4, 5) / 1000 - 86_400 * 300 }), /expired at 2025-03-08T03:04:05\.000Z/],
    ['of an expiry out of range', () => good({ exp: -1e18 }), /expired at a time out of range/],
    ['not yet valid', () => good({ nbf: secondsFromNow(60) }), /not valid before 20/],
    ['without expiry', () => good({ exp: undefined }), /exp: /],
    ['with an expiry that is no number', () => forgeToken({ alg: 'RS256', kid: rsa.kid }, { ...forgedClaims(), exp: '9' }, rs256), /exp: /],
    [
      'with an nbf that is no number',
      () => forgeToken({ alg: 'RS256', kid: rsa.kid }, { ...forgedClaims(), nbf: '0' }, rs256),
      /invalid nbf/,
    ],
    ['without issuer', () => good({ iss: undefined }), /iss: /],
    ['without subject', () => good({ sub: undefined }), /sub: /],
    ['with an empty subject', () => good({ sub: '' }), /sub: /],
    ['with NUL in its subject', () => good({ sub: 'a\0b' }), /sub: must not hold NUL/],
    ['with half a surrogate pair in its subject', () => good({ sub: 'a\uD800' }), /sub: must not hold NUL or half/],
    ['with NUL in its email', () => good({ email: 'a\0@b.example' }), /email: must not hold NUL/],
    ['without audience', () => good({ aud: undefined }), /audience invalid\. expected: https:\/\/api\.tenantry\.test/],
    ['for another audience', () => good({ aud: 'https://other.test' }), /audience invalid\. expected: https:\/\/api\.tenantry\.test/],
    ['of another issuer', () => good({ iss: 'https://evil.test' }), /issuer is not accepted here; accepted: http:\/\/127/],
    ['of the issuer spelt otherwise', () => good({ iss: `${iss}/` }), /issuer is not accepted here/],
    ['unsigned (alg none)', () => forgeToken({ alg: 'none' }, forgedClaims(), () => Buffer.alloc(0)), /not accepted; accepted: RS256/],
    [
      'alg none with a key id',
      () => forgeToken({ alg: 'none', kid: rsa.kid }, forgedClaims(), () => Buffer.alloc(0)),
      /algorithm is not accepted/,
    ],
    ['with its signature cut off', () => good().replace(/[^.]+$/, ''), /jwt signature is required/],
    ['HS256 with the RSA public key', () => forgeToken({ alg: 'HS256', kid: rsa.kid }, forgedClaims(), hmacWithPublicKey), /not accepted/],
    [
      'RS256 in name, HS256 in truth',
      () => forgeToken({ alg: 'RS256', kid: rsa.kid }, forgedClaims(), hmacWithPublicKey),
      /invalid signature/,
    ],
    ['of an unknown algorithm', () => forgeToken({ alg: 'XX999', kid: rsa.kid }, forgedClaims(), () => randomBytes(64)), /not accepted/],
    ['signed by an unpublished key of the same id', () => signToken(rsaKey({ kid: rsa.kid }), { ...goodClaims, iss }), /invalid signature/],
    ['of an unknown key', () => signToken(rsaKey(), { ...goodClaims, iss }), /not among the keys that its issuer publishes/],
    ['without a key id', () => forgeToken({ alg: 'RS256' }, forgedClaims(), rs256), /does not name its key/],
    ['of a key id that is no string', () => forgeToken({ alg: 'RS256', kid: 7 }, forgedClaims(), rs256), /not a signed JSON Web Token/],
    ['RSA algorithm, EC key', () => forgeToken({ alg: 'RS256', kid: p256.kid }, forgedClaims(), rs256), /\(EC P-256\): it takes ES256/],
    ['EC algorithm of another curve', () => forgeToken({ alg: 'ES384', kid: p256.kid }, forgedClaims(), rs256), /it takes ES256/],
    [
      'other algorithm than the key is published for',
      () => signToken({ ...onlyPs256, algorithm: 'RS256' }, { ...goodClaims, iss }),
      /it takes PS256/,
    ],
    [
      'of a short RSA key',
      () => forgeToken({ alg: 'RS256', kid: short.kid }, forgedClaims(), shortRs256),
      /\(RSA 1024\): tokens cannot be signed/,
    ],
    [
      'of an Edwards key under another algorithm',
      () => forgeToken({ alg: 'ES256', kid: 'edwards' }, forgedClaims(), edDsa),
      /\(ed25519\): tokens cannot be signed/,
    ],
    ['EdDSA', () => forgeToken({ alg: 'EdDSA', kid: 'edwards' }, forgedClaims(), edDsa), /algorithm is not accepted; accepted: RS256/],
    [
      'of a type that is no access token',
      () => signToken(rsa, { ...goodClaims, iss }, { header: { alg: 'RS256', typ: 'logout+jwt' } }),
      /another type/,
    ],
    [
      'that demands an extension',
      () => forgeToken({ alg: 'RS256', kid: rsa.kid, crit: ['b64'], b64: false }, forgedClaims(), rs256),
      /header crit/,
    ],
    ['of a tenant that is no UUID', () => good({ tenant_id: 'acme' }), /claim "tenant_id" must be a tenant's id \(a UUID\)/],
    ['of an empty tenant', () => good({ tenant_id: '' }), /claim "tenant_id" must be/],
    ['of several tenants', () => good({ tenant_id: [tenantId] }), /claim "tenant_id" must be/],
    ['of scopes that are no text', () => good({ scope: 7 }), /scope: /],
  ];

  it.each(cases)('%s', async (_what, makeToken, message) => {
    const token = makeToken();
    const error = await verifier.verify(token).then(
      () => null,
      (refusal: unknown) => refusal,
    );
    expect(error).toBeInstanceOf(UnauthenticatedError);
    expect(error).toMatchObject({ code: 'UNAUTHENTICATED', message: expect.stringMatching(message) });
    for (const part of token.split('.').filter((each) => each.length > 20)) expect(String(error)).not.toContain(part);
  });

  it('whatever it is', async () => {
    const anything = fc.oneof(fc.string({ unit: 'binary' }), fc.stringMatching(/^[\w-]{1,40}\.[\w-]{1,40}\.[\w-]{0,40}$/), jsonParts);
    await fc.assert(
      fc.asyncProperty(anything, async (token) => {
        await expect(verifier.verify(token)).rejects.toBeInstanceOf(UnauthenticatedError);
      }),
    );
  });

  it('before any key is fetched, once it has expired', async () => {
    const before = server.requests;
    const token = signToken(rsaKey(), { ...goodClaims, iss, exp: secondsFromNow(-60) });
    await expect(verifierOf({ issuer: iss, kind: 'jwks', jwksUri: server.jwksUri }).verify(token)).rejects.toThrow(/expired/);
    expect(server.requests).toBe(before);
  });
});

const base64Json = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** Tokens whose parts parse, and hold anything. */
const jsonParts = fc
  .tuple(
    fc.record({ alg: fc.constantFrom('RS256', 'HS256', 'none', 1), kid: fc.constantFrom(rsa.kid, null) }, { requiredKeys: [] }),
    fc.dictionary(fc.constantFrom('iss', 'sub', 'aud', 'exp', 'nbf', '__proto__'), fc.jsonValue()),
    fc.base64String(),
  )
  .map(([header, claims, signature]) => `${base64Json(header)}.${base64Json(claims)}.${signature}`);

describe('several issuers', () => {
  it('each have their own keys: one cannot speak for another, not even with the same key id', async () => {
    const kid = randomUUID();
    const [keyOfOne, keyOfOther] = [rsaKey({ kid }), rsaKey({ kid })];
    await using one = await startKeyServer(keyOfOne);
    await using other = await startKeyServer(keyOfOther);
    const both = verifierOf(
      { issuer: one.issuer, kind: 'jwks', jwksUri: one.jwksUri },
      { issuer: other.issuer, kind: 'jwks', jwksUri: other.jwksUri },
    );
    expect(await both.verify(signToken(keyOfOne, { ...goodClaims, iss: one.issuer }))).toMatchObject({ issuer: one.issuer });
    expect(await both.verify(signToken(keyOfOther, { ...goodClaims, iss: other.issuer }))).toMatchObject({ issuer: other.issuer });
    await expect(both.verify(signToken(keyOfOne, { ...goodClaims, iss: other.issuer }))).rejects.toThrow(/invalid signature/);
    await expect(both.verify(signToken(keyOfOther, { ...goodClaims, iss: one.issuer }))).rejects.toThrow(/invalid signature/);
  });

  it('fail apart from each other: one that is down leaves the others alone', async () => {
    await using down = await startKeyServer();
    down.answer = (_request, response) => response.writeHead(503).end();
    const both = verifierOf(
      { issuer: down.issuer, kind: 'jwks', jwksUri: down.jwksUri },
      { issuer: iss, kind: 'jwks', jwksUri: server.jwksUri },
    );
    await expect(both.verify(signToken(rsa, { ...goodClaims, iss: down.issuer }))).rejects.toThrow(IdentityProviderUnavailableError);
    expect(await both.verify(signToken(rsa, { ...goodClaims, iss }))).toMatchObject({ issuer: iss });
  });
});

describe('a shared secret', () => {
  const secret = randomBytes(32);
  const issuer = 'tenantry-development';
  const withSecret = verifierOf({ issuer, kind: 'secret', secret });
  const sign = (algorithm: 'HS256' | 'HS384' | 'HS512', key: Buffer): string =>
    jwt.sign(goodClaims, key, { algorithm, issuer, expiresIn: 60 });

  it('verifies HS256 and nothing else', async () => {
    expect(await withSecret.verify(sign('HS256', secret))).toMatchObject({ issuer, subject: 'ada', tenantId });
    await expect(withSecret.verify(sign('HS256', randomBytes(32)))).rejects.toThrow(/invalid signature/);
    await expect(withSecret.verify(sign('HS384', secret))).rejects.toThrow(/\(shared secret\): it takes HS256/);
    await expect(withSecret.verify(sign('HS512', secret))).rejects.toThrow(/\(shared secret\): it takes HS256/);
    const unsigned = forgeToken({ alg: 'none' }, { ...goodClaims, iss: issuer, exp: secondsFromNow(60) }, () => Buffer.alloc(0));
    await expect(withSecret.verify(unsigned)).rejects.toThrow(/it takes HS256/);
  });

  it('verifies a token only as it was signed: any other character anywhere is noticed', async () => {
    const token = sign('HS256', secret);
    await fc.assert(
      fc.asyncProperty(fc.nat(token.length - 1), fc.stringMatching(/^[\w.-]$/), async (at, character) => {
        fc.pre(token[at] !== character);
        const changed = token.slice(0, at) + character + token.slice(at + 1);
        await expect(withSecret.verify(changed)).rejects.toBeInstanceOf(UnauthenticatedError);
      }),
    );
  });
});
