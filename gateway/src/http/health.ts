import type { Logger } from '@tenantry/service';
import type { FastifyInstance } from 'fastify';
import type { SubgraphConnection } from '../transports/connect-subgraphs.ts';

/** Milliseconds that an answer of the subgraphs is good for. */
const readinessTtlMs = 1000;

type Subgraphs = ReadonlyMap<string, Pick<SubgraphConnection, 'checkReadiness'>>;

/** `/livez`: the process runs. `/readyz`: every subgraph can serve. */
export function serveHealth(server: FastifyInstance, subgraphs: () => Subgraphs, logger: Logger): void {
  const findUnready = cached(readinessTtlMs, async () => await unreadySubgraphs(subgraphs(), logger));
  server.get('/livez', () => ({ status: 'ok' }));
  server.get('/readyz', async (_request, reply) => {
    const unready = await findUnready();
    return unready.length === 0 ? { status: 'ok' } : await reply.code(503).send({ status: 'unavailable', unready });
  });
}

async function unreadySubgraphs(subgraphs: Subgraphs, logger: Logger): Promise<string[]> {
  const checks = [...subgraphs].map(async ([name, subgraph]) => {
    try {
      await subgraph.checkReadiness();
      return [];
    } catch (error) {
      logger.warn({ err: error, subgraph: name }, 'a subgraph is not ready');
      return [name];
    }
  });
  return (await Promise.all(checks)).flat();
}

/** One call at a time, whose result serves everybody for `ttlMs`. `read` must not reject. */
function cached<Value>(ttlMs: number, read: () => Promise<Value>): () => Promise<Value> {
  let current: Promise<Value> | null = null;
  return () => {
    if (current) return current;
    const reading = read();
    current = reading;
    void reading.then(() => setTimeout(() => (current = null), ttlMs).unref());
    return reading;
  };
}
