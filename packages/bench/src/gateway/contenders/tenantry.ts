import { randomBytes } from 'node:crypto';
import { createHttpTransport } from '@tenantry/gateway';
import { z } from 'zod';
import { defineService } from '../processes/bench-service.ts';
import { siteSchema } from '../site.ts';
import type { GatewayContender } from './contender.ts';
import { serveGateway } from './serve-gateway.ts';

/** The gateway, over HTTP to subgraphs that know the key. */
export const tenantryGateway = defineService({
  module: import.meta.url,
  name: 'tenantryGateway',
  input: z.object({ site: siteSchema, signingKey: z.base64() }),
  serve: async ({ site, signingKey }) => {
    await using transports = new AsyncDisposableStack();
    const subgraphs = site.subgraphs.map(({ name, schemaPath, url }) => {
      return { name, schemaPath, transport: transports.use(createHttpTransport({ url })) };
    });
    const gateway = await serveGateway(site, subgraphs, Buffer.from(signingKey, 'base64'));
    const open = transports.move();
    return {
      url: gateway.url,
      [Symbol.asyncDispose]: async () => {
        await gateway[Symbol.asyncDispose]();
        await open.disposeAsync();
      },
    };
  },
});

export const tenantry: GatewayContender = {
  name: 'tenantry',
  setUp:
    'as in production, but that equal requests under way are not shared; it checks the size of operations and answers, too, and signs ' +
    'who asks for each subgraph, once for all requests of a caller within 15 s',
  start: async (site) => await tenantryGateway.start({ site, signingKey: randomBytes(32).toString('base64') }),
};
