import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * `reset`: a connection breaks as soon as it is made. `silence`: it is made, and nothing passes in either direction, not even that one
 * end is gone; whatever was sent meanwhile arrives when the silence ends, as it does after an outage of a network.
 */
type ProxyMode = 'forward' | 'reset' | 'silence';

export interface FaultyProxy extends AsyncDisposable {
  readonly port: number;
  /** Connections made so far. */
  readonly made: number;
  /** What new connections meet, and in silence also those that are open. */
  mode: ProxyMode;
  /** Milliseconds by which all that passes is late, in each direction. */
  delayMs: number;
  /** Closes all open connections. */
  sever(): void;
  /** Breaks all open connections: their ends see ECONNRESET. */
  reset(): void;
}

/** A way to a server that can be made to fail. */
export async function openFaultyProxy(upstream: { host: string; port: number }): Promise<FaultyProxy> {
  const proxy = new Proxy(upstream);
  await proxy.listen();
  return proxy;
}

class Proxy implements FaultyProxy {
  made = 0;
  delayMs = 0;
  readonly #upstream: { host: string; port: number };
  readonly #open = new Set<Socket>();
  readonly #server = createServer((client) => this.#onConnection(client));
  #mode: ProxyMode = 'forward';

  constructor(upstream: { host: string; port: number }) {
    this.#upstream = upstream;
  }

  get port(): number {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('no port was given');
    return address.port;
  }

  get mode(): ProxyMode {
    return this.#mode;
  }

  set mode(mode: ProxyMode) {
    this.#mode = mode;
    for (const socket of this.#open) {
      if (mode === 'silence') socket.pause();
      else socket.resume();
    }
  }

  async listen(): Promise<void> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  sever(): void {
    for (const socket of this.#open) socket.destroy();
  }

  reset(): void {
    for (const socket of this.#open) socket.resetAndDestroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.sever();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #onConnection(client: Socket): void {
    this.made += 1;
    if (this.#mode === 'reset') return void client.resetAndDestroy();
    const target = connect(this.#upstream);
    this.#forward(client, target);
    this.#forward(target, client);
  }

  #forward(from: Socket, to: Socket): void {
    this.#open.add(from);
    from.on('data', (chunk) => void this.#send(chunk, to));
    from.on('error', () => {});
    from.on('close', () => {
      this.#open.delete(from);
      to.destroy();
    });
    if (this.#mode === 'silence') from.pause();
  }

  async #send(chunk: Buffer, to: Socket): Promise<void> {
    if (this.delayMs > 0) await sleep(this.delayMs);
    to.write(chunk);
  }
}
