export { isMet, signedIn, type AccessRequirement } from './access-requirement.ts';
export { bearerToken } from './bearer-token.ts';
export { developmentTokenDefaults, tokenVariables, tokenVerifierConfig, type TokenEnvironment } from './config.ts';
export {
  createContextSigner,
  createContextVerifier,
  type ContextSigner,
  type ContextSignerOptions,
  type ContextVerifier,
  type ContextVerifierOptions,
} from './context-signing.ts';
export { signDevelopmentToken, type DevelopmentTokenOptions } from './development-token.ts';
export { IdentityProviderUnavailableError, RevocationsFullError, TenantRequiredError } from './errors.ts';
export {
  createJobSigner,
  createJobVerifier,
  type JobContext,
  type JobRequester,
  type JobSigner,
  type JobSigningOptions,
  type JobVerifier,
} from './job-signing.ts';
export type { TrustedKeys } from './key-source.ts';
export type { Principal } from './principal.ts';
export type { KeySetLimits } from './remote-key-set.ts';
export { requirePrincipal, requireScopes, requireTenant } from './requirements.ts';
export { resolveTenantContext, type ContextRequest } from './resolve-tenant-context.ts';
export { operatorScope } from './scopes.ts';
export { tenantContextHeader, type TenantContext } from './tenant-context.ts';
export type { CompleteRevocation, Revocation } from './revocations.ts';
export type { TrustedIssuer } from './token-check.ts';
export { createTokenVerifier, type TokenCacheLimits, type TokenVerifier, type TokenVerifierConfig } from './token-verifier.ts';
