import { isIP } from 'node:net';
import { UnauthenticatedError } from '@tenantry/service';
import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import { hasExpired } from './token-times.ts';
import { deepFreeze } from './deep-freeze.ts';
import type { Principal } from './principal.ts';
import { operatorScope } from './scopes.ts';
import { claimsReader, claimsSigner, signatureLength, type TokenKind } from './signed-claims.ts';
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

const kind: TokenKind = { name: 'tenant context', type: 'tenantry-context+jwt', issuer: 'tenantry-gateway' };
const defaultLifetimeSeconds = 30;

/** The part of its lifetime for which a signature is used again: what is left of it is time enough to begin. */
const reusedShare = 0.5;

/** Contexts that a verifier remembers, for the further fetches of their requests, and the longest token of one. */
const rememberedContexts = 512;
const longestRememberedToken = 4096;

interface Signed {
  readonly token: string;
  /** Milliseconds since 1970. */
  readonly reusedUntil: number;
}

interface Verified {
  readonly token: string;
  readonly context: TenantContext;
  /** Seconds since 1970. */
  readonly expiresAt: number;
}

/** A frozen context is signed once for each audience, and again when half of the lifetime has passed. */
export function createContextSigner({ key, lifetimeSeconds = defaultLifetimeSeconds }: ContextSignerOptions): ContextSigner {
  const signClaims = claimsSigner(key, kind);
  const signed = new WeakMap<TenantContext, Map<string, Signed>>();

  function sign(context: TenantContext, audience: string, now: number): string {
    const issuedAt = Math.floor(now / 1000);
    return signClaims({ context }, { audience, issuedAt, expiresAt: issuedAt + lifetimeSeconds });
  }
  function signOnce(context: TenantContext, audience: string, now: number): string {
    const byAudience = signed.get(context) ?? new Map<string, Signed>();
    const held = byAudience.get(audience);
    if (held && now < held.reusedUntil) return held.token;
    const token = sign(context, audience, now);
    signed.set(context, byAudience.set(audience, { token, reusedUntil: now + lifetimeSeconds * 1000 * reusedShare }));
    return token;
  }
  // One that is not frozen may be changed after it was signed.
  return { sign: (context, audience) => (Object.isFrozen(context) ? signOnce : sign)(context, audience, Date.now()) };
}

/** What was verified is remembered until it expires; as all who bring it share it, it is frozen. */
export function createContextVerifier({ key, audience }: ContextVerifierOptions): ContextVerifier {
  const readClaims = claimsReader(key, kind, { audience, claims: payloadSchema });
  const verified = new LRUCache<string, Verified>({ max: rememberedContexts });
  return {
    verify: (token) => {
      if (!token) throw new UnauthenticatedError('The request carries no tenant context: subgraphs answer the gateway only.');
      // A short key is quicker to look up than the token, which its signature stands for as long as the rest is compared, too.
      const signature = token.slice(-signatureLength);
      const held = verified.get(signature);
      if (held?.token === token && !hasExpired(held.expiresAt)) return held.context;
      const { context, exp } = readClaims(token);
      deepFreeze(context);
      if (token.length <= longestRememberedToken) verified.set(signature, { token, context, expiresAt: exp });
      return context;
    },
  };
}

const principalSchema: z.ZodType<Principal> = z.strictObject({
  issuer: z.string().min(1),
  subject: z.string().min(1),
  tenantId: tenantIdSchema.nullable(),
  scopes: z.array(z.string()),
  email: z.string().nullable(),
  emailVerified: z.boolean(),
  expiresAt: z.number().nullable(),
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
  iss: z.literal(kind.issuer),
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
