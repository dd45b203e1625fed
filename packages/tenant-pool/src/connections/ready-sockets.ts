import type { Socket } from 'node:net';

export interface ReadySocketsOptions {
  /** How many. */
  count: number;
  /** Milliseconds for which each is kept before another takes its place. */
  maxAgeMs: number;
  /** Begins to connect a socket. */
  connect: () => Socket;
}

/** How often sockets that nobody took are replaced by younger ones, before their server counts as out of use. */
const renewals = 10;

/** Milliseconds by which new sockets wait, so that whoever has just connected goes first. */
const delayMs = 5;

/** Sockets to one server, connected for whoever wants one next. They keep no process alive, and are gone when the server hangs up. */
export class ReadySockets implements Disposable {
  readonly #options: ReadySocketsOptions;
  /** With what ends each for its age. */
  readonly #sockets = new Map<Socket, NodeJS.Timeout>();
  #filling: NodeJS.Timeout | undefined;
  #renewalsLeft = renewals;

  constructor(options: ReadySocketsOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#sockets.size;
  }

  /** @returns null when there is none; what is returned may still be connecting */
  take(): Socket | null {
    for (const [socket, age] of this.#sockets) {
      clearTimeout(age);
      this.#sockets.delete(socket);
      if (!socket.destroyed) return socket.ref();
    }
    return null;
  }

  /** Sees to it that there are soon as many as wanted. */
  fill(): void {
    this.#renewalsLeft = renewals;
    if (this.#sockets.size >= this.#options.count) return;
    this.#filling ??= setTimeout(() => {
      this.#filling = undefined;
      while (this.#sockets.size < this.#options.count) this.#add();
    }, delayMs).unref();
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#filling);
    this.#renewalsLeft = 0;
    for (const socket of this.#sockets.keys()) socket.destroy();
  }

  #add(): void {
    const socket = this.#options.connect().unref();
    const age = setTimeout(() => this.#renew(socket), this.#options.maxAgeMs).unref();
    this.#sockets.set(socket, age);
    // The error of a socket that nobody wanted is nobody's; whoever takes it listens for himself.
    socket.on('error', () => {});
    socket.once('close', () => {
      clearTimeout(age);
      this.#sockets.delete(socket);
    });
  }

  #renew(socket: Socket): void {
    this.#sockets.delete(socket);
    socket.destroy();
    if (this.#renewalsLeft <= 0) return;
    this.#renewalsLeft -= 1;
    this.#add();
  }
}
