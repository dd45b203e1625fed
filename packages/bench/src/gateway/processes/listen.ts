import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { Served } from './bench-service.ts';

/** Milliseconds that an idle connection stays open: longer than any gateway keeps one, so that none closes as it is used. */
const keepAliveTimeoutMs = 600_000;

/** Serves on a free port of this machine. */
export async function listenOnFreePort(listener: RequestListener): Promise<Served> {
  const server = createServer({ keepAliveTimeout: keepAliveTimeoutMs }, listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server listens on no port.');
  return {
    url: `http://127.0.0.1:${address.port}`,
    [Symbol.asyncDispose]: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
