import { generateKeyPairSync, randomUUID, type JsonWebKey, type KeyObject } from 'node:crypto';
import jwt, { type Algorithm, type SignOptions } from 'jsonwebtoken';

/** A real key pair of an issuer under test. */
export interface SigningKey {
  readonly kid: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  /** The public half, as an issuer publishes it. */
  readonly jwk: JsonWebKey & { kid: string };
  readonly algorithm: Algorithm;
}

export function rsaKey(options: { modulusLength?: number; algorithm?: Algorithm; kid?: string } = {}): SigningKey {
  const { modulusLength = 2048, algorithm = 'RS256', kid = randomUUID() } = options;
  return signingKey(generateKeyPairSync('rsa', { modulusLength }), algorithm, kid);
}

export function ecKey(namedCurve: 'P-256' | 'P-384' | 'P-521' = 'P-256'): SigningKey {
  const algorithms = { 'P-256': 'ES256', 'P-384': 'ES384', 'P-521': 'ES512' } as const;
  return signingKey(generateKeyPairSync('ec', { namedCurve }), algorithms[namedCurve], randomUUID());
}

function signingKey(pair: { privateKey: KeyObject; publicKey: KeyObject }, algorithm: Algorithm, kid: string): SigningKey {
  return { ...pair, kid, algorithm, jwk: { ...pair.publicKey.export({ format: 'jwk' }), kid, use: 'sig' } };
}

/** What every good token of these tests says, but for `iss`. */
export const audience = 'https://api.tenantry.test';
export const tenantId = '0199aaaa-0000-7000-8000-000000000001';
export const goodClaims = { sub: 'ada', aud: audience, tenant_id: tenantId, scope: 'profile email' };

/** Signs with a real key; claims that are `undefined` are left out. */
export function signToken(key: SigningKey, claims: Record<string, unknown>, options: SignOptions = {}): string {
  const expiry = 'exp' in claims ? {} : { exp: secondsFromNow(60) };
  const payload = Object.fromEntries(Object.entries({ ...expiry, ...claims }).filter(([, value]) => value !== undefined));
  return jwt.sign(payload, key.privateKey, { algorithm: key.algorithm, keyid: key.kid, ...options });
}

/** A compact JWS with any header at all, for what a signing library rightly refuses to make. */
export function forgeToken(header: object, claims: object, sign: (input: Buffer) => Buffer): string {
  const input = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  return `${input}.${sign(Buffer.from(input)).toString('base64url')}`;
}

export function secondsFromNow(seconds: number): number {
  return Math.floor(Date.now() / 1000) + seconds;
}
