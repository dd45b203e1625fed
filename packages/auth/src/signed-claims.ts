import { createSecretKey, type KeyObject } from 'node:crypto';
import { UnauthenticatedError } from '@tenantry/service';
import jwt from 'jsonwebtoken';
import type { z } from 'zod';

/** A kind of token that the services sign for each other. */
export interface TokenKind {
  /** How errors call it: "tenant context". */
  readonly name: string;
  /** A `typ` of its own, so that it is never taken for another kind of token, nor the other way round (RFC 8725 §3.11). */
  readonly type: string;
  readonly issuer: string;
}

export const signingAlgorithm = 'HS256';
const clockToleranceSeconds = 5;

/** HS256 wants a key as long as its hash (RFC 7518 §3.2). */
const leastKeyBytes = 32;

/** @throws {RangeError} when the key is too short */
export function signingSecret(key: Buffer, { name }: TokenKind): KeyObject {
  if (key.length < leastKeyBytes) throw new RangeError(`the key of every ${name} must hold at least ${leastKeyBytes} bytes`);
  return createSecretKey(key);
}

/**
 * Reads a token that was signed under the same key, for this audience, and has not expired.
 *
 * @throws {UnauthenticatedError} saying in what it is not
 */
export function openSigned<Claims>(token: string, secret: KeyObject, kind: TokenKind, audience: string, claims: z.ZodType<Claims>): Claims {
  const { name, type, issuer } = kind;
  try {
    const { header, payload } = jwt.verify(token, secret, {
      algorithms: [signingAlgorithm],
      issuer,
      audience,
      clockTolerance: clockToleranceSeconds,
      complete: true,
    });
    if (header.typ === type) return claims.parse(payload);
  } catch (cause) {
    const reason = cause instanceof jwt.JsonWebTokenError ? cause.message : 'it is malformed';
    throw new UnauthenticatedError(`The ${name} does not verify: ${reason}.`, { cause });
  }
  throw new UnauthenticatedError(`The ${name} does not verify: it is a token of another type.`);
}
