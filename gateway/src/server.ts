import { fastifyApolloDrainPlugin } from '@as-integrations/fastify';
import { createTokenVerifier, type TokenVerifierConfig } from '@tenantry/auth';
import { drainConnections, listen, requestDeadline, type Logger, type Mode } from '@tenantry/service';
import Fastify from 'fastify';
import { Registry } from 'prom-client';
import { createApolloServer } from './apollo-server.ts';
import { composeSupergraph } from './composition/compose-supergraph.ts';
import { graphqlRoute } from './http/graphql-route.ts';
import { serveHealth } from './http/health.ts';
import { answerHttpErrors } from './http/http-errors.ts';
import { requestIdOf } from './http/request-id.ts';
import { sandboxOrigins, sandboxPage, type SandboxOptions } from './http/sandbox.ts';
import { defaultLimits, type OperationLimits } from './limits/operation-size.ts';
import type { SubgraphTransport } from './transports/subgraph-transport.ts';

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
  subgraphs: readonly GatewaySubgraph[];
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
}

export interface GatewaySubgraph {
  name: string;
  schemaPath: string;
  transport: SubgraphTransport;
}

export interface Gateway extends AsyncDisposable {
  /** Origin of the gateway; GraphQL is at `/graphql` under it. */
  readonly url: string;
}

/**
 * Composes the subgraphs, then serves them. Disposing of the gateway stops its listening at once and finishes the requests that
 * run, within 10 seconds.
 *
 * @throws {CompositionError} {PortInUseError}
 */
export async function startGateway(config: GatewayConfig): Promise<Gateway> {
  const { mode, logger, metrics = new Registry(), sandbox, signingKey } = config;
  const limits = { ...defaultLimits, ...config.limits };
  const transports = new Map(config.subgraphs.map(({ name, transport }) => [name, transport]));
  // Transports decide where a subgraph is; the supergraph that is composed here need not know.
  const sources = config.subgraphs.map(({ name, schemaPath }) => ({ name, schemaPath, url: `subgraph:${name}` }));
  const supergraphSdl = composeSupergraph(sources);

  const server = Fastify({
    bodyLimit: limits.bodyBytes,
    trustProxy: config.trustedProxies ? [...config.trustedProxies] : false,
    ...requestDeadline(),
    genReqId: ({ headers }) => requestIdOf(headers),
  });
  drainConnections(server);
  const plugins = [sandboxPage(mode, sandbox), fastifyApolloDrainPlugin(server)];
  const apollo = createApolloServer({ mode, supergraphSdl, transports, signingKey, limits, logger, plugins });
  await apollo.start();

  await using cleanup = new AsyncDisposableStack();
  cleanup.defer(async () => await apollo.stop());
  answerHttpErrors(server, logger);
  serveHealth(server, transports, logger);
  const verifier = createTokenVerifier(config.tokens);
  const corsOrigins = config.corsOrigins ?? (mode === 'development' ? sandboxOrigins : []);
  await server.register(graphqlRoute({ apollo, verifier, logger, metrics, corsOrigins }));
  const url = await listen(server, config);
  const running = cleanup.move();
  return { url, [Symbol.asyncDispose]: async () => await running.disposeAsync() };
}
