import type { ApolloServer } from '@apollo/server';
import { fastifyApolloHandler } from '@as-integrations/fastify';
import cors from '@fastify/cors';
import type { FastifyInstance, FastifyPluginAsync } from 'fastify';
import type { Registry } from 'prom-client';
import { createContextFunction, type ContextOptions, type GatewayContext } from './gateway-context.ts';
import { requestIdHeader } from './request-id.ts';
import { measureRequests } from './request-metrics.ts';
import { keepRecords } from './request-record.ts';
import { completeResponseHeads } from './response-head.ts';

export interface GraphqlRouteOptions extends ContextOptions {
  apollo: ApolloServer<GatewayContext>;
  metrics: Registry;
  /** Origins whose pages may call from a browser; none: no page may. */
  corsOrigins: readonly string[];
}

/** `/graphql`, and all that holds for requests to it. */
export function graphqlRoute(options: GraphqlRouteOptions): FastifyPluginAsync {
  return async (scope) => {
    // JSON only: a browser sends text/plain to anyone without asking first.
    scope.removeContentTypeParser('text/plain');
    keepRecords(scope);
    measureRequests(scope, options.metrics);
    completeResponseHeads(scope);
    if (options.corsOrigins.length > 0) await allowOrigins(scope, options.corsOrigins);
    const handler = fastifyApolloHandler(options.apollo, { context: createContextFunction(options) });
    scope.route({ method: ['GET', 'POST'], url: '/graphql', handler });
  };
}

async function allowOrigins(scope: FastifyInstance, origins: readonly string[]): Promise<void> {
  await scope.register(cors, { origin: [...origins], methods: ['GET', 'POST'], exposedHeaders: [requestIdHeader] });
}
