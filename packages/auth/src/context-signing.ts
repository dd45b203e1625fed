import { isIP } from 'node:net';
import { UnauthenticatedError } from '@tenantry/service';
import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import { deepFreeze } from './deep-freeze.ts';
import type { Principal } from './principal.ts';
import { RecentSignatures } from './recent-signatures.ts';
import { operatorScope } from './scopes.ts';
import { claimsReader, claimsSigner, signatureLength, type TokenKind } from './signed-claims.ts';
import type { TenantContext } from './tenant-context.ts';
import { tenantIdSchema } from './tenant-id.ts';
import { hasExpired } from './token-times.ts';

/** Signs what a subgraph is told of who asks. */
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

/**
 * The part of its lifetime for which a signature is used again, and which it has in any case: what is left of it is time enough to begin,
 * and a request that began in time asks all its subgraphs, though its token expires meanwhile. Its client would have to repeat it, and what
 * it has changed.
 */
const reusedShare = 0.5;

/**
 * What a verifier remembers: each caller of the last seconds brings one token, over and over. `maxSize` is in bytes of the tokens together,
 * `maxEntrySize` of one; what is remembered of them does not exceed that by much.
 */
const remembered = { max: 10_000, maxSize: 16 * 1024 * 1024, maxEntrySize: 4096 };

interface Verified {
  readonly token: string;
  readonly context: TenantContext;
  /** Seconds since 1970. */
  readonly expiresAt: number;
}

/**
 * All requests of one caller have a signature in common, for half of its lifetime: a signature is no proof of a request, only of who asks. The
 * other half it has only while the token lasts that it stands for.
 */
export function createContextSigner({ key, lifetimeSeconds = defaultLifetimeSeconds }: ContextSignerOptions): ContextSigner {
  const signClaims = claimsSigner(key, kind);
  const reusedSeconds = lifetimeSeconds * reusedShare;
  const recent = new RecentSignatures(reusedSeconds * 1000);
  return {
    sign(context, audience) {
      const now = Date.now();
      return recent.take(context, audience, now, () => {
        const issuedAt = Math.floor(now / 1000);
        const tokenExpiresAt = context.principal?.expiresAt ?? Infinity;
        const expiresAt = issuedAt + Math.min(lifetimeSeconds, Math.max(reusedSeconds, tokenExpiresAt - issuedAt));
        return signClaims({ context }, { audience, issuedAt, expiresAt });
      });
    },
  };
}

/** What was verified is remembered until it expires; as all who bring it share it, it is frozen. */
export function createContextVerifier({ key, audience }: ContextVerifierOptions): ContextVerifier {
  const readClaims = claimsReader(key, kind, { audience, claims: payloadSchema });
  const verified = new LRUCache<string, Verified>(remembered);
  return {
    verify: (token) => {
      if (!token) throw new UnauthenticatedError('The request carries no tenant context: subgraphs answer the gateway only.');
      // A short key is quicker to look up than the token, which its signature stands for as long as the rest is compared, too.
      const signature = token.slice(-signatureLength);
      const held = verified.get(signature);
      if (held?.token === token && !hasExpired(held.expiresAt)) return held.context;
      const { context, exp } = readClaims(token);
      deepFreeze(context);
      verified.set(signature, { token, context, expiresAt: exp }, { size: token.length });
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
