import { readFileSync } from 'node:fs';
import { ApolloGateway, RemoteGraphQLDataSource, type GraphQLDataSourceProcessOptions } from '@apollo/gateway';
import { ApolloServer } from '@apollo/server';
import { startStandaloneServer } from '@apollo/server/standalone';
import jwt from 'jsonwebtoken';
import { JwksClient } from 'jwks-rsa';
import { z } from 'zod';
import { versionOf } from '../../machine.ts';
import { defineService } from '../processes/bench-service.ts';
import { siteSchema, type Site } from '../site.ts';
import type { GatewayContender } from './contender.ts';

const claimsSchema = z.object({ sub: z.string(), tenant_id: z.string() });
type Claims = z.infer<typeof claimsSchema>;

/** Tells subgraphs who asks by headers, as Apollo documents it. */
class AuthenticatedDataSource extends RemoteGraphQLDataSource<Claims> {
  override willSendRequest({ request, context }: GraphQLDataSourceProcessOptions<Claims>): void {
    if (context.tenant_id === undefined) return;
    request.http?.headers.set('x-user-id', context.sub);
    request.http?.headers.set('x-tenant-id', context.tenant_id);
  }
}

export const stockApolloGateway = defineService({
  module: import.meta.url,
  name: 'stockApolloGateway',
  input: siteSchema,
  serve: async ({ supergraphPath, tokens }) => {
    // Else it reports to Apollo.
    process.env['APOLLO_TELEMETRY_DISABLED'] = '1';
    const server = new ApolloServer<Claims>({
      gateway: new ApolloGateway({
        supergraphSdl: readFileSync(supergraphPath, 'utf8'),
        buildService: ({ url }) => new AuthenticatedDataSource(url === undefined ? {} : { url }),
      }),
    });
    const verify = tokenVerifier(tokens);
    const { url } = await startStandaloneServer(server, {
      listen: { host: '127.0.0.1', port: 0 },
      context: async ({ req }) => await verify(req.headers.authorization?.replace(/^Bearer /, '') ?? ''),
    });
    return { url, [Symbol.asyncDispose]: async () => await server.stop() };
  },
});

/** With `jsonwebtoken` and `jwks-rsa`, as their documentation shows it: the key is kept, the token is verified each time. */
function tokenVerifier({ jwksUri, issuer, audience }: Site['tokens']): (token: string) => Promise<Claims> {
  const keys = new JwksClient({ jwksUri });
  return async (token) => {
    const key = await keys.getSigningKey(jwt.decode(token, { complete: true })?.header.kid);
    return claimsSchema.parse(jwt.verify(token, key.getPublicKey(), { algorithms: ['RS256'], issuer, audience }));
  };
}

export const apolloGateway: GatewayContender = {
  name: 'Apollo Gateway',
  setUp:
    `@apollo/gateway ${versionOf('@apollo/gateway')} on @apollo/server ${versionOf('@apollo/server')}, standalone; tokens by jsonwebtoken ` +
    'and jwks-rsa; subgraphs are told who asks by headers',
  start: async (site) => await stockApolloGateway.start(site),
};
