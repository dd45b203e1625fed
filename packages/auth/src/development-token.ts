import { createSecretKey } from 'node:crypto';
import jwt from 'jsonwebtoken';

export interface DevelopmentTokenOptions {
  secret: Buffer;
  issuer: string;
  audience: string;
  subject: string;
  /** The tenant that the token speaks for; none for a platform operator. */
  tenantId?: string;
  /** Default `tenant_id`. */
  tenantClaim?: string;
  scopes?: readonly string[];
  email?: string;
  emailVerified?: boolean;
  name?: string;
  expiresInSeconds: number;
}

/**
 * Signs a token with the shared secret (`JWT_SECRET`) of a development set-up, for its demo and for tests. In production
 * tokens come from an identity provider, and one that is signed like this is refused.
 */
export function signDevelopmentToken(options: DevelopmentTokenOptions): string {
  const {
    secret,
    issuer,
    audience,
    subject,
    expiresInSeconds,
    tenantId,
    tenantClaim = 'tenant_id',
    scopes,
    email,
    emailVerified,
    name,
  } = options;
  const claims = {
    [tenantClaim]: tenantId,
    scope: scopes?.join(' '),
    email,
    email_verified: emailVerified,
    name,
  };
  const payload = Object.fromEntries(Object.entries(claims).filter(([, value]) => value !== undefined));
  return jwt.sign(payload, createSecretKey(secret), { algorithm: 'HS256', issuer, audience, subject, expiresIn: expiresInSeconds });
}
