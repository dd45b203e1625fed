import type { ApolloServerPlugin } from '@apollo/server';
import { fastifyApolloDrainPlugin } from '@as-integrations/fastify';
import { createContextSigner, createTokenVerifier, type TokenVerifier, type TokenVerifierConfig } from '@tenantry/auth';
import { drainConnections, listen, requestDeadline, requestIdOf, type Logger, type Mode } from '@tenantry/service';
import Fastify, { type FastifyInstance } from 'fastify';
import { Registry } from 'prom-client';
import { createApolloServer } from './apollo-server.ts';
import { Execution } from './http/execution.ts';
import type { GatewayContext } from './http/gateway-context.ts';
import { graphqlRoute } from './http/graphql-route.ts';
import { serveHealth } from './http/health.ts';
import { answerHttpErrors } from './http/http-errors.ts';
import { createOperationCheck } from './http/operation-checks.ts';
import { sandboxOrigins, sandboxPage, type SandboxOptions } from './http/sandbox.ts';
import { createAnswerSizeCheck } from './limits/answer-size.ts';
import { createSizeCheck, defaultLimits, type OperationLimits } from './limits/operation-size.ts';
import type { PlanCacheLimits } from './planning/plan-cache.ts';
import { startGenerations, type Generations } from './supergraph/generations.ts';
import { servedSupergraph, type GatewaySubgraph, type ServedSupergraph } from './served-supergraph.ts';
import type { SubscriptionLimits } from './subscriptions/limits.ts';
import { serveSubscriptions } from './subscriptions/serve-subscriptions.ts';
import { subscriptionExecution } from './subscriptions/subscription-execution.ts';
import { connectSubgraphs, type SubgraphConnection } from './transports/connect-subgraphs.ts';

export interface GatewayConfig {
  /** `development` switches on introspection, Sandbox and calls from its pages. */
  mode: Mode;
  host: string;
  /** 0 takes any free port. */
  port: number;
  /** Whose tokens are accepted. */
  tokens: TokenVerifierConfig;
  /** Key of the signed tenant context, shared with the subgraphs. */
  signingKey: Buffer;
  /** What is served: subgraphs that are composed here, or a supergraph from elsewhere. */
  subgraphs: readonly GatewaySubgraph[] | ServedSupergraph;
  logger: Logger;
  /** Where the gateway's metrics are registered. Default: a registry of its own. */
  metrics?: Registry;
  limits?: Partial<OperationLimits>;
  /** Origins whose pages may call the gateway from a browser. Default: Sandbox's own in development, none in production. */
  corsOrigins?: readonly string[];
  /** Addresses and networks of reverse proxies whose `X-Forwarded-For` is believed. Default: none, the client is whoever connects. */
  trustedProxies?: readonly string[];
  /** What Sandbox opens with. */
  sandbox?: SandboxOptions;
  /** Milliseconds that the planning of one operation may take. Default 5000. */
  planningTimeoutMs?: number;
  planCacheLimits?: Partial<PlanCacheLimits>;
  subscriptionLimits?: Partial<SubscriptionLimits>;
  /** Whether a query is answered by an equal one of the same principal that is under way. Default true. */
  sharesQueries?: boolean;
  /** Of Apollo Server. With any of them, every request goes through all of its pipeline. Default: none. */
  plugins?: readonly ApolloServerPlugin<GatewayContext>[];
}

export interface Gateway extends AsyncDisposable {
  /** Origin of the gateway; GraphQL is at `/graphql` under it. */
  readonly url: string;
  /** Has tokens refused from now on that would be good otherwise, and ends the subscriptions that came with them. In this process only. */
  revoke: TokenVerifier['revoke'];
}

/**
 * Loads the supergraph, then serves it. Disposing of the gateway stops its listening at once and finishes the requests that run,
 * within 10 seconds.
 *
 * @throws {CompositionError} {SupergraphError} {PortInUseError}
 */
export async function startGateway(config: GatewayConfig): Promise<Gateway> {
  const { mode, logger, metrics = new Registry(), sandbox, plugins = [] } = config;
  const limits = { ...defaultLimits, ...config.limits };
  await using cleanup = new AsyncDisposableStack();
  const generations = cleanup.use(await loadGenerations(config, metrics));
  const server = createHttpServer(config, limits);
  const execution = new Execution(generations);
  const check = createOperationCheck({
    checkSize: createSizeCheck(limits),
    checkAnswerSize: createAnswerSizeCheck(limits),
    authorize: (operation, schema, principal) => generations.of(schema).authorize(operation, schema, principal),
  });
  const allPlugins = [sandboxPage(mode, sandbox), fastifyApolloDrainPlugin(server), ...plugins];
  const apollo = createApolloServer({ mode, generations, execution, check, limits, logger, plugins: allPlugins });
  await apollo.start();
  cleanup.defer(async () => await apollo.stop());

  answerHttpErrors(server, logger);
  serveHealth(server, () => generations.current.subgraphs, logger);
  const verifier = createTokenVerifier(config.tokens);
  const corsOrigins = config.corsOrigins ?? (mode === 'development' ? sandboxOrigins : []);
  const common = { verifier, logger, metrics, corsOrigins };
  await server.register(
    graphqlRoute({
      ...common,
      apollo,
      execution,
      check,
      isWatched: plugins.length > 0,
      serveSubscriptions: (scope) =>
        serveSubscriptions(scope, {
          ...common,
          mode,
          api: () => ({ schema: generations.current.schemas.api, check }),
          execution: subscriptionExecution(execution),
          operationLimits: limits,
          trustedProxies: config.trustedProxies ?? [],
          ...(config.subscriptionLimits && { limits: config.subscriptionLimits }),
        }),
    }),
  );
  const url = await listen(server, config);
  const running = cleanup.move();
  return { url, revoke: (revocation) => verifier.revoke(revocation), [Symbol.asyncDispose]: async () => await running.disposeAsync() };
}

async function loadGenerations(config: GatewayConfig, metrics: Registry): Promise<Generations<SubgraphConnection>> {
  const { subgraphs, signingKey, sharesQueries = true, logger, planningTimeoutMs, planCacheLimits } = config;
  const served = servedSupergraph(subgraphs);
  const signer = createContextSigner({ key: signingKey });
  return await startGenerations({
    source: served.source,
    connect: connectSubgraphs({ connect: (subgraph) => served.connect(subgraph), signer, metrics, sharesQueries }),
    logger,
    metrics,
    ...(planningTimeoutMs !== undefined && { planningTimeoutMs }),
    ...(planCacheLimits && { planCacheLimits }),
  });
}

function createHttpServer({ trustedProxies }: GatewayConfig, { bodyBytes }: OperationLimits): FastifyInstance {
  const server = Fastify({
    bodyLimit: bodyBytes,
    trustProxy: trustedProxies ? [...trustedProxies] : false,
    ...requestDeadline(),
    genReqId: ({ headers }) => requestIdOf(headers),
  });
  drainConnections(server);
  return server;
}
