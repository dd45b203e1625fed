import { createSecretKey, type KeyObject } from 'node:crypto';
import { isIP } from 'node:net';
import { UnauthenticatedError } from '@tenantry/service';
import jwt from 'jsonwebtoken';
import { z } from 'zod';
import type { Principal } from './principal.ts';
import { operatorScope } from './scopes.ts';
import type { TenantContext } from './tenant-context.ts';
import { tenantIdSchema } from './tenant-id.ts';

/** Signs what a subgraph is told of a request. */
export interface ContextSigner {
  /** @param audience name of the one subgraph that accepts the result */
  sign(context: TenantContext, audience: string): string;
}

export interface ContextVerifier {
  /** @throws {UnauthenticatedError} unless `token` was signed for this audience, a moment ago */
  verify(token: string | undefined): TenantContext;
}

export interface ContextSignerOptions {
  /** Shared by the gateway and its subgraphs (`SUBGRAPH_SIGNING_KEY`), at least 32 bytes. */
  key: Buffer;
  /** Seconds within which a subgraph must have begun. Default 30. */
  lifetimeSeconds?: number;
}

export interface ContextVerifierOptions {
  key: Buffer;
  /** Name of the subgraph that asks. */
  audience: string;
}

const issuer = 'tenantry-gateway';
const algorithm = 'HS256';

/** A type of its own, so that a context is never taken for another kind of token, nor the other way round (RFC 8725 §3.11). */
const contextType = 'tenantry-context+jwt';
const defaultLifetimeSeconds = 30;
const clockToleranceSeconds = 5;

/** HS256 wants a key as long as its hash (RFC 7518 §3.2). */
const leastKeyBytes = 32;

export function createContextSigner({ key, lifetimeSeconds = defaultLifetimeSeconds }: ContextSignerOptions): ContextSigner {
  const secret = signingSecret(key);
  const header = { alg: algorithm, typ: contextType };
  return {
    sign: (context, audience) => jwt.sign({ context }, secret, { algorithm, header, issuer, audience, expiresIn: lifetimeSeconds }),
  };
}

export function createContextVerifier({ key, audience }: ContextVerifierOptions): ContextVerifier {
  const secret = signingSecret(key);
  return { verify: (token) => verifyContext(token, secret, audience) };
}

function signingSecret(key: Buffer): KeyObject {
  if (key.length < leastKeyBytes) throw new RangeError(`the key of tenant contexts must hold at least ${leastKeyBytes} bytes`);
  return createSecretKey(key);
}

const principalSchema: z.ZodType<Principal> = z.strictObject({
  issuer: z.string().min(1),
  subject: z.string().min(1),
  tenantId: tenantIdSchema.nullable(),
  scopes: z.array(z.string()),
  email: z.string().nullable(),
  emailVerified: z.boolean(),
});

const contextSchema: z.ZodType<TenantContext> = z
  .strictObject({
    principal: principalSchema.nullable(),
    tenantId: tenantIdSchema.nullable(),
    impersonated: z.boolean(),
    requestId: z.string().min(1),
    origin: z
      .string()
      .refine((text) => isIP(text) !== 0)
      .nullable(),
  })
  .refine(isCoherent);

const payloadSchema = z.strictObject({
  iss: z.literal(issuer),
  aud: z.string(),
  iat: z.number(),
  exp: z.number(),
  context: contextSchema,
});

/** A tenant's own token reaches that tenant only; an operator reaches a tenant only by impersonation. */
function isCoherent({ principal, tenantId, impersonated }: TenantContext): boolean {
  if (principal === null) return !impersonated;
  if (principal.tenantId !== null) return tenantId === principal.tenantId && !impersonated;
  if (tenantId === null) return !impersonated;
  return impersonated && principal.scopes.includes(operatorScope.impersonate);
}

function verifyContext(token: string | undefined, secret: KeyObject, audience: string): TenantContext {
  if (!token) throw new UnauthenticatedError('The request carries no tenant context: subgraphs answer the gateway only.');
  try {
    const { header, payload } = jwt.verify(token, secret, {
      algorithms: [algorithm],
      issuer,
      audience,
      clockTolerance: clockToleranceSeconds,
      complete: true,
    });
    if (header.typ === contextType) return payloadSchema.parse(payload).context;
  } catch (cause) {
    const reason = cause instanceof jwt.JsonWebTokenError ? cause.message : 'it is malformed';
    throw new UnauthenticatedError(`The tenant context does not verify: ${reason}.`, { cause });
  }
  throw new UnauthenticatedError('The tenant context does not verify: it is a token of another type.');
}
