import type { ApolloServer } from '@apollo/server';
import { fastifyApolloHandler } from '@as-integrations/fastify';
import cors from '@fastify/cors';
import { requestIdHeader } from '@tenantry/service';
import type { FastifyInstance, FastifyPluginAsync, RouteHandlerMethod } from 'fastify';
import type { Registry } from 'prom-client';
import { DirectAnswers } from './direct-answers.ts';
import type { Execution } from './execution.ts';
import { createContextFunction, type ContextOptions, type GatewayContext } from './gateway-context.ts';
import type { CheckOperation } from './operation-checks.ts';
import { measureRequests } from './request-metrics.ts';
import { keepRecords } from './request-record.ts';
import { completeResponseHeads } from './response-head.ts';

export interface GraphqlRouteOptions extends ContextOptions {
  apollo: ApolloServer<GatewayContext>;
  execution: Execution;
  check: CheckOperation;
  /** Whether somebody's plugins are to see every request in Apollo Server. */
  isWatched: boolean;
  metrics: Registry;
  /** Adds what `/graphql` serves by other protocols than plain HTTP. */
  serveSubscriptions(scope: FastifyInstance): void;
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
    options.serveSubscriptions(scope);
    scope.route({ method: ['GET', 'POST'], url: '/graphql', handler: createHandler(options) });
  };
}

/** Apollo Server answers, except where it would only repeat what it has found out before. */
function createHandler({ apollo, isWatched, ...options }: GraphqlRouteOptions): RouteHandlerMethod {
  const createContext = createContextFunction(options);
  const throughApollo = fastifyApolloHandler(apollo, { context: createContext });
  if (isWatched) return throughApollo;
  const direct = new DirectAnswers({ ...options, createContext });
  return async function (request, reply) {
    const answer = await direct.answer(request, reply);
    if (answer !== null) return answer;
    const answered: unknown = await throughApollo.call(this, request, reply);
    direct.learn(request, reply);
    return answered;
  };
}

async function allowOrigins(scope: FastifyInstance, origins: readonly string[]): Promise<void> {
  await scope.register(cors, { origin: [...origins], methods: ['GET', 'POST'], exposedHeaders: [requestIdHeader] });
}
