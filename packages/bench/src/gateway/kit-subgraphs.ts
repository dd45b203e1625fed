import { freePort } from '@tenantry/backing-services';
import { serveSubgraph, createSubgraphHandler, defineSubgraph, type SubgraphHandler, type SubgraphServices } from '@tenantry/subgraph-kit';
import { createLogger } from '@tenantry/service';
import { z } from 'zod';
import { defineService } from './processes/bench-service.ts';
import type { RunningGroup } from './processes/running-group.ts';
import type { Site } from './site.ts';
import { benchSubgraphs, type BenchSubgraph } from './subgraphs.ts';

const host = '127.0.0.1';
const logger = createLogger({ service: 'subgraph', level: 'warn', pretty: false });

/** The benchmark's subgraph of that name as this project has subgraphs: it checks who asks, and answers by the same functions as the stubs. */
export function kitHandler({ name, schemaPath, resolvers }: BenchSubgraph, signingKey: Buffer): SubgraphHandler {
  const subgraph = defineSubgraph({ name, schemaPath, resolvers, createContext: (request) => ({ request }) });
  return createSubgraphHandler(subgraph, { services: noServices, signingKey, mode: 'production' });
}

/** The subgraphs, each at a port of its own. */
export const kitSubgraphs = defineService({
  module: import.meta.url,
  name: 'kitSubgraphs',
  input: z.object({ signingKey: z.base64(), ports: z.record(z.string(), z.int()) }),
  serve: async ({ signingKey, ports }) => {
    await using servers = new AsyncDisposableStack();
    for (const subgraph of benchSubgraphs) {
      const handler = kitHandler(subgraph, Buffer.from(signingKey, 'base64'));
      servers.use(await serveSubgraph(handler, { host, port: ports[subgraph.name] ?? 0, logger }));
    }
    const running = servers.move();
    return { url: `http://${host}`, [Symbol.asyncDispose]: async () => await running.disposeAsync() };
  },
});

/** Starts all subgraphs in one process. */
export async function startKitSubgraphs(signingKey: string): Promise<Pick<Site, 'subgraphs'> & RunningGroup> {
  const subgraphs: Site['subgraphs'] = [];
  const ports: Record<string, number> = {};
  for (const { name, schemaPath } of benchSubgraphs) {
    const port = (ports[name] = await freePort());
    subgraphs.push({ name, schemaPath, url: `http://${host}:${port}` });
  }
  return { subgraphs, ...(await kitSubgraphs.start({ signingKey, ports })) };
}

/** The data of these subgraphs are computed: they have a logger, and nothing else. */
const noServices = new Proxy<SubgraphServices>(Object.create(null), {
  get: (_, name) => (name === 'logger' ? logger : unused(String(name))),
});

function unused(service: string): object {
  const fail = () => {
    throw new Error(`The subgraphs of this benchmark have no ${service}.`);
  };
  return new Proxy({}, { get: fail });
}
