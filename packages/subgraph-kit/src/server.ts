import { acceptHttp2, drainConnections, listen, requestDeadline, requestIdOf, type Logger } from '@tenantry/service';
import Fastify from 'fastify';
import type { SubgraphHandler } from './handler.ts';
import { serveHealth } from './health.ts';
import { serveOperations } from './operation-route.ts';
import type { EventStreamOptions } from './subscriptions/event-stream.ts';

/** Milliseconds that an idle connection stays open: longer than the gateway keeps one, so that none closes as it is used. */
const keepAliveTimeoutMs = 75_000;

export interface SubgraphServerOptions {
  host: string;
  /** 0 takes any free port. */
  port: number;
  logger: Logger;
  /** Rejects while the subgraph cannot serve; asked by `/readyz`. Default: always ready. */
  checkReadiness?: () => Promise<void>;
  /** Speaks HTTP/2 beside HTTP/1.1, without TLS by prior knowledge. Default false. */
  http2?: boolean;
  /** How subscriptions are streamed. */
  streams?: EventStreamOptions;
}

export interface SubgraphServer extends AsyncDisposable {
  /** Origin of the server; operations go to `/graphql` under it. */
  readonly url: string;
}

/**
 * Serves a subgraph over HTTP: `POST /graphql` for the gateway, `/livez` and `/readyz` for whoever runs it.
 *
 * @throws {PortInUseError}
 */
export async function serveSubgraph(handler: SubgraphHandler, options: SubgraphServerOptions): Promise<SubgraphServer> {
  const server = Fastify({ keepAliveTimeout: keepAliveTimeoutMs, ...requestDeadline(), genReqId: ({ headers }) => requestIdOf(headers) });
  drainConnections(server);
  if (options.http2) acceptHttp2(server);
  serveOperations(server, handler, options.logger, options.streams);
  serveHealth(server, options);
  const url = await listen(server, options);
  return { url, [Symbol.asyncDispose]: async () => await server.close() };
}
