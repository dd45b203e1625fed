import { once } from 'node:events';
import { createServer, type ServerOpts, type Socket } from 'node:net';

/** Listens on 127.0.0.1. Disposing of it cuts all connections. */
export interface TestServer extends AsyncDisposable {
  readonly port: number;
  /** Connections that are open. */
  readonly sockets: ReadonlySet<Socket>;
}

/** @param onConnection told of each connection; an error of one is reported to nobody else */
export async function openTestServer(onConnection: (socket: Socket) => void, options: ServerOpts = {}): Promise<TestServer> {
  const sockets = new Set<Socket>();
  const server = createServer(options, (socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).once('close', () => sockets.delete(socket));
    onConnection(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port was given');
  return {
    port: address.port,
    sockets,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      if (server.listening) await once(server.close(), 'close');
    },
  };
}
