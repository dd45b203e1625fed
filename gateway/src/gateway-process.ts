import { startOperationsServer, type Logger } from '@tenantry/service';
import { collectDefaultMetrics, Registry } from 'prom-client';
import type { GatewayEnvironment } from './config.ts';
import { startGateway, type Gateway } from './server.ts';
import { createHttpTransport } from './transports/http-transport.ts';

/** Starts all that a gateway's own process runs: the gateway, a pool of connections to each subgraph, and the metrics. */
export async function startGatewayProcess(config: GatewayEnvironment, logger: Logger): Promise<Gateway> {
  await using cleanup = new AsyncDisposableStack();
  const metrics = new Registry();
  collectDefaultMetrics({ register: metrics });
  const subgraphs = config.subgraphs.map(({ name, schemaPath, url }) => {
    return { name, schemaPath, transport: cleanup.use(createHttpTransport({ url })) };
  });
  cleanup.use(await startOperationsServer({ port: config.metricsPort, host: config.host, metrics }));
  const gateway = cleanup.use(await startGateway({ ...config, subgraphs, logger, metrics }));
  logger.info({ url: `${gateway.url}/graphql`, mode: config.mode, subgraphs: subgraphs.map(({ name }) => name) }, 'the gateway serves');
  const running = cleanup.move();
  return { url: gateway.url, [Symbol.asyncDispose]: async () => await running.disposeAsync() };
}
