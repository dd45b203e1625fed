import { randomBytes } from 'node:crypto';
import { kitHandler } from '../kit-subgraphs.ts';
import { defineService } from '../processes/bench-service.ts';
import { siteSchema } from '../site.ts';
import { benchSubgraphs } from '../subgraphs.ts';
import { serveGateway } from './serve-gateway.ts';

/** The gateway, and with it in one process the subgraphs as this project has them. */
export const tenantryInOneProcess = defineService({
  module: import.meta.url,
  name: 'tenantryInOneProcess',
  input: siteSchema,
  serve: async (site) => {
    const signingKey = randomBytes(32);
    const subgraphs = benchSubgraphs.map((subgraph) => {
      return { name: subgraph.name, schemaPath: subgraph.schemaPath, transport: kitHandler(subgraph, signingKey) };
    });
    return await serveGateway(site, subgraphs, signingKey);
  },
});
