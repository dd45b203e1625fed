import { ConfigError, type Mode } from '@tenantry/service';
import { z } from 'zod';
import type { TrustedIssuer } from './token-check.ts';
import type { TokenVerifierConfig } from './token-verifier.ts';

/** HS256 wants a key as long as its hash (RFC 7518 §3.2). */
const leastSecretBytes = 32;

const list = (description: string) =>
  z
    .string()
    .transform((text) => text.split(',').map((entry) => entry.trim()))
    .refine((entries) => entries.every((entry) => entry !== ''), 'must not have an empty entry')
    .describe(description);

/** The variables that say whose tokens are accepted. */
export const tokenVariables = {
  JWT_JWKS_URI: list("URLs of the issuers' key sets, separated by commas, in the order of JWT_ISSUER")
    .refine((entries) => entries.every(isHttpUrl), 'must be URLs starting with https:// or http://')
    .optional(),
  JWT_ISSUER: list('the iss of accepted tokens; several, separated by commas')
    .refine((entries) => new Set(entries).size === entries.length, 'must not name an issuer twice')
    .optional(),
  JWT_AUDIENCE: z.string().describe('the aud of accepted tokens').optional(),
  JWT_SECRET: z
    .string()
    .refine((text) => Buffer.byteLength(text) >= leastSecretBytes, `must hold at least ${leastSecretBytes} bytes: openssl rand -base64 32`)
    .describe('shared secret for HS256, in development only')
    .optional(),
  JWT_TENANT_CLAIM: z.string().describe("name of the claim that holds the tenant's id").default('tenant_id'),
};

export type TokenEnvironment = z.output<z.ZodObject<typeof tokenVariables>>;

/** What tokens signed with `JWT_SECRET` say, where the environment does not. */
export const developmentTokenDefaults = { issuer: 'tenantry-development', audience: 'tenantry' } as const;

/** @throws {ConfigError} naming everything that does not fit together */
export function tokenVerifierConfig(env: TokenEnvironment, mode: Mode): TokenVerifierConfig {
  const problems = [...sourceProblems(env, mode), ...keySetProblems(env, mode)];
  if (problems.length > 0) throw new ConfigError(problems);
  return {
    issuers: env.JWT_SECRET === undefined ? publishedIssuers(env) : secretIssuers(env, Buffer.from(env.JWT_SECRET)),
    audience: env.JWT_AUDIENCE ?? developmentTokenDefaults.audience,
    tenantClaim: env.JWT_TENANT_CLAIM,
  };
}

function sourceProblems({ JWT_JWKS_URI, JWT_SECRET }: TokenEnvironment, mode: Mode): string[] {
  const problems: string[] = [];
  if (JWT_SECRET !== undefined && mode === 'production') {
    problems.push('JWT_SECRET is for development only: in production set JWT_JWKS_URI, JWT_ISSUER and JWT_AUDIENCE instead');
  }
  if (JWT_SECRET !== undefined && JWT_JWKS_URI !== undefined) problems.push('JWT_SECRET and JWT_JWKS_URI are both set: keep one of them');
  if (JWT_SECRET === undefined && JWT_JWKS_URI === undefined) {
    problems.push(`JWT_JWKS_URI is missing: the URL of the issuer's key set${mode === 'development' ? ' (or set JWT_SECRET)' : ''}`);
  }
  return problems;
}

/** A shared secret has defaults for these; key sets have none. */
function keySetProblems({ JWT_JWKS_URI, JWT_ISSUER, JWT_AUDIENCE, JWT_SECRET }: TokenEnvironment, mode: Mode): string[] {
  if (JWT_JWKS_URI === undefined && JWT_SECRET !== undefined) return [];
  const problems: string[] = [];
  if (JWT_ISSUER === undefined) problems.push('JWT_ISSUER is missing: the iss of accepted tokens');
  if (JWT_AUDIENCE === undefined) problems.push('JWT_AUDIENCE is missing: the aud of accepted tokens');
  if (JWT_JWKS_URI !== undefined && JWT_ISSUER !== undefined && JWT_JWKS_URI.length !== JWT_ISSUER.length) {
    problems.push(
      `JWT_JWKS_URI names ${JWT_JWKS_URI.length} and JWT_ISSUER ${JWT_ISSUER.length}: every issuer needs its own, in the same order`,
    );
  }
  if (mode === 'production' && JWT_JWKS_URI?.some((uri) => !isTrustworthyUrl(uri))) {
    problems.push('JWT_JWKS_URI must be https:// in production: whoever can change keys on their way can sign any token');
  }
  return problems;
}

function publishedIssuers({ JWT_ISSUER = [], JWT_JWKS_URI = [] }: TokenEnvironment): TrustedIssuer[] {
  return JWT_ISSUER.flatMap((issuer, index) => {
    const jwksUri = JWT_JWKS_URI[index];
    return jwksUri === undefined ? [] : [{ issuer, kind: 'jwks', jwksUri }];
  });
}

function secretIssuers({ JWT_ISSUER = [developmentTokenDefaults.issuer] }: TokenEnvironment, secret: Buffer): TrustedIssuer[] {
  return JWT_ISSUER.map((issuer) => ({ issuer, kind: 'secret', secret }));
}

function isHttpUrl(text: string): boolean {
  return ['https:', 'http:'].includes(URL.parse(text)?.protocol ?? '');
}

/** Over TLS, or never leaving the machine. */
function isTrustworthyUrl(text: string): boolean {
  const url = URL.parse(text);
  return url?.protocol === 'https:' || ['localhost', '127.0.0.1', '[::1]'].includes(url?.hostname ?? '');
}
