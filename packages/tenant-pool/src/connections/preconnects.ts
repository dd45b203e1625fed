import type { LookupFunction, Socket } from 'node:net';
import { ReadySockets } from './ready-sockets.ts';
import { socketsBy } from './shared-lookup.ts';

/** Where a server or a pooler listens. */
export interface ServerAddress {
  /** A name or an IP address; or the directory of the Unix socket, which begins with a slash. */
  readonly host: string;
  readonly port: number;
}

export interface PreconnectsOptions {
  /** Sockets kept ready for each server; 0 for none. */
  perServer: number;
  /** Finds a server's host by its name. */
  lookup: LookupFunction;
  /** Milliseconds for which each is kept before another takes its place. Default 30000. */
  maxAgeMs?: number;
}

/** Half of the minute after which Postgres (`authentication_timeout`) and PgBouncer (`client_login_timeout`) hang up on who says nothing. */
const defaultMaxAgeMs = 30_000;

/** Servers for which sockets are kept at most: those where a connection was made last. */
const maxServers = 32;

/**
 * Sockets that are connected before it is known for which tenant. Postgres starts a process for each connection as soon as it comes in and
 * only then asks for the database, so that a socket kept ready saves a cold tenant that start and a way over the network. Nobody has
 * signed in on it: it takes none of the server's `max_connections`, says nothing, and can be given to any tenant.
 */
export class Preconnects implements Disposable {
  readonly #perServer: number;
  readonly #maxAgeMs: number;
  readonly #newSocket: () => Socket;
  /** By address; the server at which a connection was made last comes last. */
  readonly #servers = new Map<string, ReadySockets>();

  constructor({ perServer, lookup, maxAgeMs = defaultMaxAgeMs }: PreconnectsOptions) {
    this.#perServer = perServer;
    this.#maxAgeMs = maxAgeMs;
    this.#newSocket = socketsBy(lookup);
  }

  /** Sockets kept ready, over all servers. */
  get size(): number {
    return this.#servers.values().reduce((sum, { size }) => sum + size, 0);
  }

  /** @returns a socket as `pg` wants it: told to connect it does so, or has done so already */
  take(address: ServerAddress): Socket {
    const ready = this.#servers.get(keyOf(address))?.take();
    return ready ? connectedBefore(ready) : this.#newSocket();
  }

  /**
   * Has sockets ready for whoever wants `address` next, unless there is no network to cross. To be called when a connection was made there:
   * the server answers.
   */
  prepare(address: ServerAddress): void {
    if (this.#perServer === 0 || isUnixSocket(address)) return;
    const key = keyOf(address);
    const server = this.#servers.get(key) ?? this.#open(address);
    this.#servers.delete(key);
    this.#servers.set(key, server);
    server.fill();
  }

  [Symbol.dispose](): void {
    for (const key of this.#servers.keys()) this.#forget(key);
  }

  #open({ host, port }: ServerAddress): ReadySockets {
    const [oldest] = this.#servers.keys();
    if (oldest !== undefined && this.#servers.size >= maxServers) this.#forget(oldest);
    return new ReadySockets({
      count: this.#perServer,
      maxAgeMs: this.#maxAgeMs,
      connect: () => this.#newSocket().connect(port, host),
    });
  }

  #forget(key: string): void {
    this.#servers.get(key)?.[Symbol.dispose]();
    this.#servers.delete(key);
  }
}

/** Has `connect` wait for what is under way, or done. */
function connectedBefore(socket: Socket): Socket {
  return Object.assign(socket, {
    connect: () => {
      if (!socket.connecting) process.nextTick(() => socket.emit('connect'));
      return socket;
    },
  });
}

/** As `pg` tells a directory from a host. */
function isUnixSocket({ host }: ServerAddress): boolean {
  return host.startsWith('/');
}

function keyOf({ host, port }: ServerAddress): string {
  return JSON.stringify([host, port]);
}
