import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { openTestServer } from './test-server.ts';

export interface SlowClosingProxy extends AsyncDisposable {
  readonly port: number;
  /** Connections made so far. */
  readonly made: number;
  /** The most that there were at one time, until they had closed. */
  readonly most: number;
}

/** A way to a server on which closing a connection takes `closeMs`. */
export async function openSlowClosingProxy(upstream: { host: string; port: number }, closeMs: number): Promise<SlowClosingProxy> {
  let [made, most] = [0, 0];
  const server = await openTestServer(
    (client) => {
      made += 1;
      most = Math.max(most, server.sockets.size);
      const target = connect(upstream).on('error', () => {});
      client.on('data', (chunk) => target.write(chunk));
      target.on('data', (chunk) => client.write(chunk));
      target.on('end', () => void sleep(closeMs).then(() => client.end()));
      client.on('close', () => target.destroy());
    },
    { allowHalfOpen: true },
  );
  return {
    port: server.port,
    get made() {
      return made;
    },
    get most() {
      return most;
    },
    [Symbol.asyncDispose]: async () => await server[Symbol.asyncDispose](),
  };
}
