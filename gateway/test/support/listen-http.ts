import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

/** What a server of a test does with a request. */
export type Handle = (request: IncomingMessage, response: ServerResponse) => unknown;

export interface HttpListener extends AsyncDisposable {
  readonly url: string;
  readonly server: Server;
}

/** A bare HTTP server on a free port, to answer as no well-behaved server would. */
export async function listenHttp(handle: Handle): Promise<HttpListener> {
  const server = createServer((request, response) => void handle(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server listens on no port.');
  return {
    url: `http://127.0.0.1:${address.port}`,
    server,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
