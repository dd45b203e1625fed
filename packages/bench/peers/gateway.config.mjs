/** Hive Gateway as its documentation has it for production, with tokens that its JWT plugin verifies. */
import { createRemoteJwksSigningKeyProvider, defineConfig, extractFromHeader } from '@graphql-hive/gateway';

const { JWT_JWKS_URI: jwksUri, JWT_ISSUER: issuer, JWT_AUDIENCE: audience } = process.env;

export const gatewayConfig = defineConfig({
  jwt: {
    signingKeyProviders: [createRemoteJwksSigningKeyProvider({ jwksUri })],
    tokenLookupLocations: [extractFromHeader({ name: 'authorization', prefix: 'Bearer' })],
    tokenVerification: { algorithms: ['RS256'], issuer, audience },
    reject: { missingToken: true, invalidToken: true },
  },
  // No contender shares answers between requests here; by default, this one does.
  transportEntries: { '*.http': { options: { deduplicateInflightRequests: false } } },
});
