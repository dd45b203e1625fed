import Fastify from 'fastify';
import type { Registry } from 'prom-client';
import { drainConnections } from './drain-connections.ts';
import { listen } from './listen.ts';
import { requestDeadline } from './request-deadline.ts';

export interface OperationsServerOptions {
  port: number;
  host: string;
  metrics: Registry;
}

/**
 * Serves `/metrics` for Prometheus on a port of its own, so that it is never reachable where customers are.
 *
 * @throws {PortInUseError}
 */
export async function startOperationsServer({ port, host, metrics }: OperationsServerOptions): Promise<AsyncDisposable & { url: string }> {
  const server = Fastify(requestDeadline());
  drainConnections(server);
  server.get('/metrics', async (_request, reply) => {
    await reply.type(metrics.contentType).send(await metrics.metrics());
  });
  const url = await listen(server, { host, port, variable: 'METRICS_PORT' });
  return { url, [Symbol.asyncDispose]: async () => await server.close() };
}
