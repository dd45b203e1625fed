import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { openTestServer } from './test-server.ts';

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
  const server = await openTestServer((client) => proxy.onConnection(client));
  const dispose = async () => {
    proxy.sever();
    await server[Symbol.asyncDispose]();
  };
  return Object.assign(proxy, { port: server.port, [Symbol.asyncDispose]: dispose });
}

class Proxy implements Omit<FaultyProxy, 'port' | typeof Symbol.asyncDispose> {
  made = 0;
  delayMs = 0;
  readonly #upstream: { host: string; port: number };
  readonly #open = new Set<Socket>();
  #mode: ProxyMode = 'forward';

  constructor(upstream: { host: string; port: number }) {
    this.#upstream = upstream;
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

  sever(): void {
    for (const socket of this.#open) socket.destroy();
  }

  reset(): void {
    for (const socket of this.#open) socket.resetAndDestroy();
  }

  onConnection(client: Socket): void {
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
