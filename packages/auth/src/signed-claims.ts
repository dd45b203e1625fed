import { createHmac, createSecretKey, timingSafeEqual, type KeyObject } from 'node:crypto';
import { parseJson, UnauthenticatedError } from '@tenantry/service';
import { z } from 'zod';
import { hasExpired } from './token-times.ts';

/** A kind of token that the services sign for each other. */
export interface TokenKind {
  /** How errors call it: "tenant context". */
  readonly name: string;
  /** A `typ` of its own, so that it is never taken for another kind of token, nor the other way round (RFC 8725 §3.11). */
  readonly type: string;
  readonly issuer: string;
}

interface SignOptions {
  readonly audience: string;
  /** Seconds since 1970. */
  readonly issuedAt: number;
  /** Seconds since 1970. */
  readonly expiresAt: number;
}

/** Signs claims as a compact JWS (RFC 7515 §7.1). */
export type SignClaims = (claims: object, options: SignOptions) => string;

/**
 * Reads a token that was signed under the same key, for this audience, and has not expired.
 *
 * @throws {UnauthenticatedError} saying in what it is not
 */
export type ReadClaims<Claims> = (token: string) => Claims;

interface ReadOptions<Claims> {
  readonly audience: string;
  /** Every claim, those of {@link SignOptions} included. */
  readonly claims: z.ZodType<Claims>;
}

/** The one algorithm: a token does not choose. */
const algorithm = 'HS256';
/** Characters of a token's signature, which is its end. */
export const signatureLength = 43;

/** HS256 wants a key as long as its hash (RFC 7518 §3.2). */
const leastKeyBytes = 32;

/** @throws {RangeError} when the key is too short */
export function claimsSigner(key: Buffer, kind: TokenKind): SignClaims {
  const secret = signingSecret(key, kind);
  const header = encodedHeader(kind);
  return (claims, { audience, issuedAt, expiresAt }) => {
    const payload = JSON.stringify({ ...claims, iat: issuedAt, exp: expiresAt, aud: audience, iss: kind.issuer });
    const content = `${header}.${Buffer.from(payload).toString('base64url')}`;
    return `${content}.${signatureOf(content, secret)}`;
  };
}

/** @throws {RangeError} when the key is too short */
export function claimsReader<Claims>(key: Buffer, kind: TokenKind, { audience, claims }: ReadOptions<Claims>): ReadClaims<Claims> {
  const secret = signingSecret(key, kind);
  const start = `${encodedHeader(kind)}.`;
  return (token) => {
    // Our services write the header in one way, so that any other is no token of theirs: nothing of it is interpreted.
    if (!token.startsWith(start)) throw refusal(kind, faultOfHeader(token, kind));
    const end = token.lastIndexOf('.');
    if (!isSame(token.slice(end + 1), signatureOf(token.slice(0, end), secret))) throw refusal(kind, 'invalid signature');
    const payload = parseJson(Buffer.from(token.slice(start.length, end), 'base64url').toString());
    const fault = faultOfPayload(payload, kind, audience);
    if (fault !== null) throw refusal(kind, fault);
    const result = claims.safeParse(payload);
    if (!result.success) throw refusal(kind, 'it is malformed', result.error);
    return result.data;
  };
}

function signingSecret(key: Buffer, { name }: TokenKind): KeyObject {
  if (key.length < leastKeyBytes) throw new RangeError(`the key of every ${name} must hold at least ${leastKeyBytes} bytes`);
  return createSecretKey(key);
}

function encodedHeader({ type }: TokenKind): string {
  return Buffer.from(JSON.stringify({ alg: algorithm, typ: type })).toString('base64url');
}

function signatureOf(content: string, secret: KeyObject): string {
  return createHmac('sha256', secret).update(content).digest('base64url');
}

/** Of the texts, not of what they decode to: one signature has one spelling. Takes as long wherever they differ. */
function isSame(given: string, expected: string): boolean {
  const [left, right] = [Buffer.from(given), Buffer.from(expected)];
  return left.length === right.length && timingSafeEqual(left, right);
}

const headerSchema = z.looseObject({ alg: z.string(), typ: z.string().optional() });

/** What is wrong with a token that does not start as it must. */
function faultOfHeader(token: string, { type }: TokenKind): string {
  const [header = '', , signature, ...rest] = token.split('.');
  const decoded = headerSchema.safeParse(parseJson(Buffer.from(header, 'base64url').toString()));
  if (!decoded.success || signature === undefined || rest.length > 0) return 'jwt malformed';
  if (signature === '') return 'jwt signature is required';
  if (decoded.data.alg !== algorithm) return 'invalid algorithm';
  return decoded.data.typ === type ? 'its header is not as we write it' : 'it is a token of another type';
}

function faultOfPayload(payload: unknown, { issuer }: TokenKind, audience: string): string | null {
  if (typeof payload !== 'object' || payload === null) return 'it is malformed';
  const { iss, aud, exp }: { iss?: unknown; aud?: unknown; exp?: unknown } = payload;
  if (typeof exp === 'number' && hasExpired(exp)) return 'jwt expired';
  // A token for several audiences is none of ours: the schema refuses the list.
  if (aud !== audience && !Array.isArray(aud)) return `jwt audience invalid. expected: ${audience}`;
  return iss === issuer ? null : `jwt issuer invalid. expected: ${issuer}`;
}

function refusal({ name }: TokenKind, reason: string, cause?: unknown): UnauthenticatedError {
  return new UnauthenticatedError(`The ${name} does not verify: ${reason}.`, { cause });
}
