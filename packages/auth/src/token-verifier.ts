import { UnauthenticatedError } from '@tenantry/service';
import jwt from 'jsonwebtoken';
import { z } from 'zod';
import { describeIssues, principalFromClaims } from './claims.ts';
import { createKeySource, type KeySource, type TrustedKeys } from './key-source.ts';
import type { Principal } from './principal.ts';
import type { KeySetLimits } from './remote-key-set.ts';

/** An issuer whose tokens are accepted: `issuer` is compared with a token's `iss` byte for byte. */
export type TrustedIssuer = { readonly issuer: string } & TrustedKeys;

export interface TokenVerifierConfig {
  readonly issuers: readonly TrustedIssuer[];
  /** Must be among a token's `aud`. */
  readonly audience: string;
  /** Name of the claim that holds the tenant's id. */
  readonly tenantClaim: string;
  /** How key sets are fetched and kept. */
  readonly keySetLimits?: Partial<KeySetLimits>;
}

export interface TokenVerifier {
  /**
   * @throws {UnauthenticatedError} saying what is wrong with the token, without repeating it
   * @throws {IdentityProviderUnavailableError} when the issuer's keys cannot be fetched
   */
  verify(token: string): Promise<Principal>;
}

/** Bytes of the longest token that is looked at. */
const longestTokenBytes = 8 * 1024;

/** Seconds by which the issuer's clock may differ from ours. */
const clockToleranceSeconds = 5;

/** What access tokens call themselves; others (a logout token, say) are not to be taken for one (RFC 8725 §3.11, RFC 9068 §4). */
const acceptedTypes: ReadonlySet<string> = new Set(['jwt', 'at+jwt', 'application/at+jwt']);

const headerSchema = z.looseObject({ alg: z.string().max(32), typ: z.string().optional(), kid: z.string().max(512).optional() });

/** The claims that are read before the signature is checked, to choose whose key checks it. */
const routingSchema = z.looseObject({ iss: z.string().min(1).max(2048), exp: z.number() });

/** A verifier with the issuers' key sets in memory: make one a process. */
export function createTokenVerifier(config: TokenVerifierConfig): TokenVerifier {
  const sources = new Map(config.issuers.map((trusted) => [trusted.issuer, createKeySource(trusted, config.keySetLimits)]));
  return { verify: async (token) => await verifyToken(token, sources, config) };
}

async function verifyToken(token: string, sources: ReadonlyMap<string, KeySource>, config: TokenVerifierConfig): Promise<Principal> {
  const { header, issuer } = readUnverified(token);
  const source = sources.get(issuer);
  if (!source) throw new UnauthenticatedError(`The token's issuer is not accepted here; accepted: ${[...sources.keys()].join(', ')}.`);
  const { key, algorithms } = await source.findKey(header);
  try {
    const payload = jwt.verify(token, key, {
      algorithms: [...algorithms],
      issuer,
      audience: config.audience,
      clockTolerance: clockToleranceSeconds,
    });
    return principalFromClaims(payload, config.tenantClaim);
  } catch (error) {
    throw refusal(error);
  }
}

/** Nothing returned from here may be trusted, only used to find the key that decides. */
function readUnverified(token: string): { header: z.output<typeof headerSchema>; issuer: string } {
  if (Buffer.byteLength(token) > longestTokenBytes) {
    throw new UnauthenticatedError(`The token is longer than ${longestTokenBytes} bytes.`);
  }
  const decoded = decode(token);
  const header = headerSchema.safeParse(decoded?.header);
  if (!header.success) throw new UnauthenticatedError('The token is not a signed JSON Web Token (RFC 7519).');
  assertUnderstood(header.data);
  const claims = routingSchema.safeParse(decoded?.payload);
  if (!claims.success) throw new UnauthenticatedError(`The token's claims are not usable: ${describeIssues(claims.error)}.`);
  refuseExpired(claims.data.exp);
  return { header: header.data, issuer: claims.data.iss };
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
  if (Date.now() / 1000 >= expiresAt + clockToleranceSeconds) throw expired(expiresAt * 1000);
}

function expired(atMs: number): UnauthenticatedError {
  return new UnauthenticatedError(`The token expired at ${describeTime(atMs)}.`);
}

function describeTime(ms: number): string {
  const time = new Date(ms);
  return Number.isNaN(time.getTime()) ? 'a time out of range' : time.toISOString();
}

function refusal(error: unknown): unknown {
  if (error instanceof UnauthenticatedError) return error;
  if (error instanceof jwt.TokenExpiredError) return expired(error.expiredAt.getTime());
  if (error instanceof jwt.NotBeforeError)
    return new UnauthenticatedError(`The token is not valid before ${describeTime(error.date.getTime())}.`);
  if (error instanceof jwt.JsonWebTokenError) return new UnauthenticatedError(`The token does not verify: ${error.message}.`);
  // What the signature check itself throws may quote the token: neither its message nor the error goes any further.
  return new UnauthenticatedError('The token does not verify: its signature is malformed.');
}
