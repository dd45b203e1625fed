import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** Stands before a server, and can take it away and bring it back. */
export interface SeverableProxy extends AsyncDisposable {
  readonly url: string;
  /** Ends every connection and accepts none that lasts. */
  sever(): void;
  mend(): void;
}

export async function startSeverableProxy(serverUrl: string): Promise<SeverableProxy> {
  const target = new URL(serverUrl);
  const sockets = new Set<Socket>();
  let isSevered = false;
  const server = createServer((client) => {
    if (isSevered) return void client.destroy();
    const upstream = connect(Number(target.port), target.hostname);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    }
    client.on('close', () => upstream.destroy());
    upstream.on('close', () => client.destroy());
    client.pipe(upstream).pipe(client);
    return undefined;
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const destroyAll = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: Object.assign(new URL(serverUrl), { host: `127.0.0.1:${address.port}` }).href,
    sever: () => {
      isSevered = true;
      destroyAll();
    },
    mend: () => void (isSevered = false),
    [Symbol.asyncDispose]: async () => {
      destroyAll();
      server.close();
      await once(server, 'close');
    },
  };
}
