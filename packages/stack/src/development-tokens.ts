import { developmentTokenDefaults, signDevelopmentToken, type TokenVerifierConfig } from '@tenantry/auth';
import type { Secrets } from './secrets.ts';

export interface TokenClaims {
  subject: string;
  tenantId?: string;
  scopes?: readonly string[];
  email?: string;
  emailVerified?: boolean;
  /** Default one hour. */
  expiresInSeconds?: number;
}

/** Accepts the tokens of {@link signToken}. */
export function developmentTokens({ jwtSecret }: Secrets): TokenVerifierConfig {
  const { issuer, audience } = developmentTokenDefaults;
  return { issuers: [{ kind: 'secret', issuer, secret: jwtSecret }], audience, tenantClaim: 'tenant_id' };
}

/** A token as an identity provider would issue it, for demos and tests. */
export function signToken({ expiresInSeconds = 3600, ...claims }: TokenClaims, { jwtSecret }: Secrets): string {
  return signDevelopmentToken({ ...developmentTokenDefaults, ...claims, expiresInSeconds, secret: jwtSecret });
}
