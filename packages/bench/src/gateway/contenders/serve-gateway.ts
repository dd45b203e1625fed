import { startGateway, type GatewaySubgraph } from '@tenantry/gateway';
import { createLogger } from '@tenantry/service';
import type { Served } from '../processes/bench-service.ts';
import type { Site } from '../site.ts';

/** Serves this project's gateway as in production. */
export async function serveGateway({ tokens }: Site, subgraphs: readonly GatewaySubgraph[], signingKey: Buffer): Promise<Served> {
  const { jwksUri, issuer, audience } = tokens;
  const gateway = await startGateway({
    mode: 'production',
    host: '127.0.0.1',
    port: 0,
    tokens: { issuers: [{ kind: 'jwks', issuer, jwksUri }], audience, tenantClaim: 'tenant_id' },
    signingKey,
    subgraphs,
    // Nor do the others.
    sharesQueries: false,
    logger: createLogger({ service: 'gateway', level: 'warn', pretty: false }),
  });
  return { url: `${gateway.url}/graphql`, [Symbol.asyncDispose]: async () => await gateway[Symbol.asyncDispose]() };
}
