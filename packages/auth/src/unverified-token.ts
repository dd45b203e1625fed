import { UnauthenticatedError } from '@tenantry/service';
import jwt from 'jsonwebtoken';
import { z } from 'zod';
import { describeIssues } from './claims.ts';
import { expired, hasExpired } from './token-times.ts';

/** Bytes of the longest token that is looked at. */
const longestTokenBytes = 8 * 1024;

/** What access tokens call themselves; others (a logout token, say) are not to be taken for one (RFC 8725 §3.11, RFC 9068 §4). */
const acceptedTypes: ReadonlySet<string> = new Set(['jwt', 'at+jwt', 'application/at+jwt']);

const headerSchema = z.looseObject({ alg: z.string().max(32), typ: z.string().optional(), kid: z.string().max(512).optional() });

/** The claims that are read before the signature is checked, to choose whose key checks it. */
const routingSchema = z.looseObject({ iss: z.string().min(1).max(2048), exp: z.number() });

/** What a token says before its signature is checked: nothing of it may be trusted, only used to find the key that decides. */
export interface UnverifiedToken {
  readonly header: { readonly alg: string; readonly kid?: string | undefined };
  readonly issuer: string;
}

/** @throws {UnauthenticatedError} when no key could make a good token of it */
export function readUnverified(token: string): UnverifiedToken {
  refuseOversized(token);
  const decoded = decode(token);
  const header = headerSchema.safeParse(decoded?.header);
  if (!header.success) throw new UnauthenticatedError('The token is not a signed JSON Web Token (RFC 7519).');
  assertUnderstood(header.data);
  const claims = routingSchema.safeParse(decoded?.payload);
  if (!claims.success) throw new UnauthenticatedError(`The token's claims are not usable: ${describeIssues(claims.error)}.`);
  refuseExpired(claims.data.exp);
  const { alg, kid } = header.data;
  return { header: { alg, kid }, issuer: claims.data.iss };
}

/** Ahead of everything else that is done with a token. @throws {UnauthenticatedError} */
export function refuseOversized(token: string): void {
  if (Buffer.byteLength(token) > longestTokenBytes) throw new UnauthenticatedError(`The token is longer than ${longestTokenBytes} bytes.`);
}

function decode(token: string): jwt.Jwt | null {
  try {
    return jwt.decode(token, { complete: true });
  } catch {
    return null;
  }
}

function assertUnderstood(header: z.output<typeof headerSchema>): void {
  if (header.typ !== undefined && !acceptedTypes.has(header.typ.toLowerCase())) {
    throw new UnauthenticatedError('The token is of another type (header typ) than an access token.');
  }
  // RFC 7515 §4.1.11: extensions named here must be understood, and none is.
  if ('crit' in header) throw new UnauthenticatedError('The token demands extensions (header crit) that are not supported.');
}

/** Ahead of the key, so that a client that keeps sending its old token never causes a fetch of keys. */
function refuseExpired(expiresAt: number): void {
  if (hasExpired(expiresAt)) throw expired(expiresAt * 1000);
}
