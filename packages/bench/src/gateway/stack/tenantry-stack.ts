import { createLogger } from '@tenantry/service';
import { generateSecrets, startStack } from '@tenantry/stack';
import { z } from 'zod';
import { defineService } from '../processes/bench-service.ts';
import { siteSchema } from '../site.ts';
import { installationSchema } from './installation.ts';

/** This project, as `pnpm start` runs it: gateway and subgraphs in one process. */
export const tenantryStack = defineService({
  module: import.meta.url,
  name: 'tenantryStack',
  input: z.object({ installation: installationSchema, tokens: siteSchema.shape.tokens }),
  serve: async ({ installation, tokens: { jwksUri, issuer, audience } }) => {
    const { postgresUrl, controlDatabase, signingKey, credentialsKey } = installation;
    const [keyId, key] = credentialsKey;
    return await startStack({
      postgresUrl,
      controlDatabase,
      secrets: {
        ...generateSecrets(),
        signingKey: Buffer.from(signingKey, 'base64'),
        keyRing: new Map([[keyId, Buffer.from(key, 'base64')]]),
      },
      tokens: { issuers: [{ kind: 'jwks', issuer, jwksUri }], audience, tenantClaim: 'tenant_id' },
      port: 0,
      mode: 'production',
      logger: createLogger({ service: 'stack', level: 'warn', pretty: false }),
    });
  },
});
