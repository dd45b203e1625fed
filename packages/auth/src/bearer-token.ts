import { UnauthenticatedError } from '@tenantry/service';

/** `Authorization: Bearer b64token` (RFC 6750 §2.1); the scheme's case does not matter (RFC 9110 §11.1). */
const bearerPattern = /^Bearer +([\w.~+/-]+=*)$/i;

/**
 * The token of an `Authorization` header; null when there is no header.
 *
 * @throws {UnauthenticatedError} when the header is there and is not `Bearer <token>`
 */
export function bearerToken(authorizationHeader: string | undefined): string | null {
  if (authorizationHeader === undefined) return null;
  const token = bearerPattern.exec(authorizationHeader.trim())?.[1];
  if (token === undefined) throw new UnauthenticatedError('The Authorization header must be "Bearer <token>".');
  return token;
}
