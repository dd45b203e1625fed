import { startOperationsServer, type Logger } from '@tenantry/service';
import { collectDefaultMetrics, Registry } from 'prom-client';
import type { GatewayEnvironment } from './config.ts';
import { startGateway, type Gateway, type GatewayConfig } from './server.ts';
import { locateSubgraph } from './supergraph/locate-subgraph.ts';
import { sourceAt } from './supergraph/supergraph-place.ts';
import { hopSettingsOf } from './transports/hop-variables.ts';
import { createHttpTransport } from './transports/http-transport.ts';

/** Starts all that a gateway's own process runs: the gateway, a pool of connections to each subgraph, and the metrics. */
export async function startGatewayProcess(config: GatewayEnvironment, logger: Logger): Promise<Gateway> {
  await using cleanup = new AsyncDisposableStack();
  const metrics = new Registry();
  collectDefaultMetrics({ register: metrics });
  cleanup.use(await startOperationsServer({ port: config.metricsPort, host: config.host, metrics }));
  const subgraphs = subgraphsOf(config, cleanup);
  const gateway = cleanup.use(await startGateway({ ...config, subgraphs, logger, metrics }));
  const supergraph = config.supergraph ? sourceAt(config.supergraph).origin : config.subgraphs.map(({ name }) => name);
  logger.info({ url: `${gateway.url}/graphql`, mode: config.mode, supergraph }, 'the gateway serves');
  const running = cleanup.move();
  return {
    url: gateway.url,
    revoke: (revocation) => gateway.revoke(revocation),
    [Symbol.asyncDispose]: async () => await running.disposeAsync(),
  };
}

function subgraphsOf(config: GatewayEnvironment, cleanup: AsyncDisposableStack): GatewayConfig['subgraphs'] {
  const { subgraphs, supergraph, subgraphUrls = new Map() } = config;
  if (supergraph) {
    return {
      source: sourceAt(supergraph),
      connect: (subgraph) => createHttpTransport({ url: locateSubgraph(subgraph, subgraphUrls), ...hopSettingsOf(config, subgraph.name) }),
    };
  }
  return subgraphs.map(({ name, schemaPath, url }) => ({
    name,
    schemaPath,
    transport: cleanup.use(createHttpTransport({ url, ...hopSettingsOf(config, name) })),
  }));
}
