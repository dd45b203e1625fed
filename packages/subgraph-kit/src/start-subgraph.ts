import { startOperationsServer, type Logger } from '@tenantry/service';
import { collectDefaultMetrics, Registry } from 'prom-client';
import type { SubgraphConfig } from './config.ts';
import { createSubgraphHandler } from './handler.ts';
import { loadSubgraphByName } from './load-subgraphs.ts';
import { serveSubgraph, type SubgraphServer } from './server.ts';
import { checkReadiness, openServices } from './services.ts';

/** Starts one subgraph as a process of its own: its services, its metrics, and last its port. */
export async function startSubgraph(name: string, config: SubgraphConfig, logger: Logger): Promise<SubgraphServer> {
  await using started = new AsyncDisposableStack();
  const { mode, signingKey, host, port, http2 } = config;
  const metrics = new Registry();
  collectDefaultMetrics({ register: metrics });
  const subgraph = await loadSubgraphByName(name);
  const services = started.use(await openServices({ ...config, service: name, logger, metrics }));
  started.use(await startOperationsServer({ host, port: config.metricsPort, metrics }));
  const handler = createSubgraphHandler(subgraph, { services, signingKey, mode });
  const server = started.use(
    await serveSubgraph(handler, { host, port, http2, logger, checkReadiness: async () => await checkReadiness(services) }),
  );
  logger.info({ url: server.url, subgraph: name, mode }, 'serving');
  const running = started.move();
  return { url: server.url, [Symbol.asyncDispose]: async () => await running.disposeAsync() };
}
