import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export interface SlowClosingProxy extends AsyncDisposable {
  readonly port: number;
  /** Connections made so far. */
  readonly made: number;
  /** The most that there were at one time, until they had closed. */
  readonly most: number;
}

/** A way to a server on which closing a connection takes `closeMs`. */
export async function openSlowClosingProxy(upstream: { host: string; port: number }, closeMs: number): Promise<SlowClosingProxy> {
  const open = new Set<Socket>();
  let [made, most] = [0, 0];
  const server = createServer({ allowHalfOpen: true }, (client) => {
    made += 1;
    open.add(client);
    most = Math.max(most, open.size);
    const target = connect(upstream);
    client.on('data', (chunk) => target.write(chunk));
    target.on('data', (chunk) => client.write(chunk));
    target.on('end', () => void sleep(closeMs).then(() => client.end()));
    client.on('close', () => {
      open.delete(client);
      target.destroy();
    });
    for (const socket of [client, target]) socket.on('error', () => {});
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port was given');
  return {
    port: address.port,
    get made() {
      return made;
    },
    get most() {
      return most;
    },
    [Symbol.asyncDispose]: async () => {
      for (const client of open) client.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
