import { UnauthenticatedError } from '@tenantry/service';
import { z } from 'zod';
import type { Principal } from './principal.ts';
import { isOperatorScope } from './scopes.ts';
import { tenantIdSchema } from './tenant-id.ts';

/**
 * What a text in Postgres holds as it is. Whoever had NUL in their name could be neither found nor audited, and halves of surrogate
 * pairs are all stored as the same replacement character, which would make one subject of several.
 */
const storable = z.string().regex(/^[^\0\p{Cs}]*$/u, 'must not hold NUL or half a surrogate pair');
const text = storable.min(1);

/** OAuth has `scope` as one string with spaces (RFC 8693 §4.2); some providers send `scp`, and either as a list. */
const scopeList = z
  .union([z.string(), z.array(z.string())])
  .nullish()
  .transform((value) => (typeof value === 'string' ? value.split(' ') : (value ?? [])));

const claimsSchema = z.looseObject({
  iss: text,
  sub: text,
  exp: z.number(),
  scope: scopeList,
  scp: scopeList,
  email: storable.nullish(),
  /** Some providers send the boolean as a string. */
  email_verified: z.union([z.boolean(), z.stringbool({ truthy: ['true'], falsy: ['false'] })]).nullish(),
});

/**
 * Reads a principal out of the payload of a verified token.
 *
 * @throws {UnauthenticatedError} naming the claims that are missing or malformed
 */
export function principalFromClaims(payload: unknown, tenantClaim: string): Principal {
  const result = claimsSchema.safeParse(payload);
  if (!result.success) throw new UnauthenticatedError(`The token's claims are not usable: ${describeIssues(result.error)}.`);
  const claims = result.data;
  const tenantId = readTenantId(claims, tenantClaim);
  const scopes = new Set([...claims.scope, ...claims.scp].filter((scope) => scope !== ''));
  return {
    issuer: claims.iss,
    subject: claims.sub,
    tenantId,
    scopes: [...scopes].filter((scope) => tenantId === null || !isOperatorScope(scope)),
    email: claims.email?.trim().toLowerCase() || null,
    emailVerified: claims.email_verified ?? false,
    expiresAt: claims.exp,
  };
}

/** `claim: what is wrong` of each issue; never a value. */
export function describeIssues(error: z.ZodError): string {
  return error.issues.map((issue) => `${issue.path.join('.') || 'payload'}: ${issue.message}`).join('; ');
}

function readTenantId(claims: Readonly<Record<string, unknown>>, tenantClaim: string): string | null {
  const claim = Object.hasOwn(claims, tenantClaim) ? claims[tenantClaim] : null;
  if (claim === null || claim === undefined) return null;
  const tenantId = tenantIdSchema.safeParse(claim);
  if (tenantId.success) return tenantId.data;
  throw new UnauthenticatedError(`The token's claim ${JSON.stringify(tenantClaim)} must be a tenant's id (a UUID).`);
}
