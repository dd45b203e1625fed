import { drainConnections, listen, requestDeadline, type Logger } from '@tenantry/service';
import Fastify, { type FastifyInstance } from 'fastify';

/** Milliseconds after which `/readyz` gives up on its answer. */
const readinessTimeoutMs = 2_000;

export interface HealthOptions {
  logger: Logger;
  /** Rejects while the process cannot do its work; asked by `/readyz`. Default: always ready. */
  checkReadiness?: () => Promise<void>;
}

/** `/livez`: the process runs. `/readyz`: it can do its work. */
export function serveHealth(server: FastifyInstance, { checkReadiness, logger }: HealthOptions): void {
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

/** Serves nothing but its health, for a process that answers no requests. @throws {PortInUseError} */
export async function startHealthServer(
  options: HealthOptions & { host: string; port: number },
): Promise<AsyncDisposable & { url: string }> {
  const server = Fastify(requestDeadline());
  drainConnections(server);
  serveHealth(server, options);
  const url = await listen(server, options);
  return { url, [Symbol.asyncDispose]: async () => await server.close() };
}

async function within(milliseconds: number, work: Promise<void> | undefined): Promise<void> {
  const timeout = AbortSignal.timeout(milliseconds);
  const late = new Promise<never>((_resolve, reject) => {
    timeout.addEventListener('abort', () => reject(timeout.reason), { once: true });
  });
  await Promise.race([work, late]);
}
