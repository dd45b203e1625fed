import { isIP } from 'node:net';
import { UnauthenticatedError } from '@tenantry/service';
import jwt from 'jsonwebtoken';
import { z } from 'zod';
import type { Principal } from './principal.ts';
import { operatorScope } from './scopes.ts';
import { openSigned, signingAlgorithm as algorithm, signingSecret, type TokenKind } from './signed-claims.ts';
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

export function createContextSigner({ key, lifetimeSeconds = defaultLifetimeSeconds }: ContextSignerOptions): ContextSigner {
  const secret = signingSecret(key, kind);
  const { issuer } = kind;
  const header = { alg: algorithm, typ: kind.type };
  return {
    sign: (context, audience) => jwt.sign({ context }, secret, { algorithm, header, issuer, audience, expiresIn: lifetimeSeconds }),
  };
}

export function createContextVerifier({ key, audience }: ContextVerifierOptions): ContextVerifier {
  const secret = signingSecret(key, kind);
  return {
    verify: (token) => {
      if (!token) throw new UnauthenticatedError('The request carries no tenant context: subgraphs answer the gateway only.');
      return openSigned(token, secret, kind, audience, payloadSchema).context;
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
