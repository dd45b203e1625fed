import { UnauthenticatedError } from '@tenantry/service';
import jwt from 'jsonwebtoken';
import { z } from 'zod';
import { principalFromClaims } from './claims.ts';
import { deepFreeze } from './deep-freeze.ts';
import { createKeySource, type TrustedKeys } from './key-source.ts';
import type { Principal } from './principal.ts';
import type { KeySetLimits } from './remote-key-set.ts';
import { clockToleranceSeconds, describeTime, expired } from './token-times.ts';
import { readUnverified } from './unverified-token.ts';
import type { VerificationKey } from './verification-key.ts';

/** An issuer whose tokens are accepted: `issuer` is compared with a token's `iss` byte for byte. */
export type TrustedIssuer = { readonly issuer: string } & TrustedKeys;

/** Which tokens are accepted. */
export interface TokenRules {
  readonly issuers: readonly TrustedIssuer[];
  /** Must be among a token's `aud`. */
  readonly audience: string;
  /** Name of the claim that holds the tenant's id. */
  readonly tenantClaim: string;
  /** How key sets are fetched and kept. */
  readonly keySetLimits?: Partial<KeySetLimits>;
}

/** A token that was checked, and all that its further use depends on. */
export interface CheckedToken {
  /** Frozen: whoever brings the token shares it. */
  readonly principal: Principal;
  /** `jti` (RFC 7519 §4.1.7); null without one. */
  readonly tokenId: string | null;
  /** `iat`, in seconds since 1970; null without one. */
  readonly issuedAt: number | null;
  /** `exp`, in seconds since 1970. */
  readonly expiresAt: number;
  /** Whether it verifies with the same key as before, in case that can be told without waiting; else false. */
  hasFreshKey(): boolean;
  /**
   * Whether it verifies with the same key as before.
   *
   * @throws {UnauthenticatedError} when its issuer publishes no such key any longer
   * @throws {IdentityProviderUnavailableError}
   */
  hasSameKey(): Promise<boolean>;
}

/**
 * @throws {UnauthenticatedError} saying what is wrong with the token, without repeating it
 * @throws {IdentityProviderUnavailableError} when the issuer's keys cannot be fetched
 */
export type CheckToken = (token: string) => Promise<CheckedToken>;

/** Left out of consideration where they are not as they should be: a token without them is revoked with the others of its bearer. */
const lifeSchema = z.looseObject({ exp: z.number(), iat: z.number().nullable().catch(null), jti: z.string().nullable().catch(null) });

/** Makes the whole check of a token, with the issuers' key sets in memory. */
export function createTokenCheck(rules: TokenRules): CheckToken {
  const sources = new Map(rules.issuers.map((trusted) => [trusted.issuer, createKeySource(trusted, rules.keySetLimits)]));
  return async (token) => {
    const { header, issuer } = readUnverified(token);
    const source = sources.get(issuer);
    if (!source) throw new UnauthenticatedError(`The token's issuer is not accepted here; accepted: ${[...sources.keys()].join(', ')}.`);
    const key = await source.findKey(header);
    return {
      ...readVerified(token, key, { ...rules, issuer }),
      hasFreshKey: () => source.isFresh(header, key),
      hasSameKey: async () => (await source.findKey(header)) === key,
    };
  };
}

type VerifiedClaims = Omit<CheckedToken, 'hasFreshKey' | 'hasSameKey'>;

function readVerified(
  token: string,
  { key, algorithms }: VerificationKey,
  { issuer, audience, tenantClaim }: TokenRules & { issuer: string },
): VerifiedClaims {
  try {
    const payload = jwt.verify(token, key, { algorithms: [...algorithms], issuer, audience, clockTolerance: clockToleranceSeconds });
    const principal = deepFreeze(principalFromClaims(payload, tenantClaim));
    const { exp, iat, jti } = lifeSchema.parse(payload);
    return { principal, expiresAt: exp, issuedAt: iat, tokenId: jti };
  } catch (error) {
    throw refusal(error);
  }
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
