import { drainConnections, listen, requestDeadline, type Logger } from '@tenantry/service';
import Fastify, { type FastifyInstance } from 'fastify';
import type { SubgraphHandler } from './handler.ts';
import { serveOperations } from './operation-route.ts';

/** Milliseconds that an idle connection stays open: longer than the gateway keeps one, so that none closes as it is used. */
const keepAliveTimeoutMs = 75_000;

/** Milliseconds after which `/readyz` gives up on its answer. */
const readinessTimeoutMs = 2_000;

export interface SubgraphServerOptions {
  host: string;
  /** 0 takes any free port. */
  port: number;
  logger: Logger;
  /** Rejects while the subgraph cannot serve; asked by `/readyz`. Default: always ready. */
  checkReadiness?: () => Promise<void>;
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
  const server = Fastify({ keepAliveTimeout: keepAliveTimeoutMs, ...requestDeadline() });
  drainConnections(server);
  serveOperations(server, handler, options.logger);
  serveHealth(server, options);
  const url = await listen(server, options);
  return { url, [Symbol.asyncDispose]: async () => await server.close() };
}

function serveHealth(server: FastifyInstance, { checkReadiness, logger }: SubgraphServerOptions): void {
  server.get('/livez', () => ({ status: 'ok' }));
  server.get('/readyz', async (_request, reply) => {
    try {
      await within(readinessTimeoutMs, checkReadiness?.());
      return { status: 'ok' };
    } catch (error) {
      logger.warn({ err: error }, 'not ready');
      return await reply.code(503).send({ status: 'unavailable' });
    }
  });
}

async function within(milliseconds: number, work: Promise<void> | undefined): Promise<void> {
  const timeout = AbortSignal.timeout(milliseconds);
  const late = new Promise<never>((_resolve, reject) => {
    timeout.addEventListener('abort', () => reject(timeout.reason), { once: true });
  });
  await Promise.race([work, late]);
}
