export interface SubscriptionLimits {
  /** Operations that may be under way over one WebSocket. Default 100. */
  readonly perConnection: number;
  /** Operations of one principal, over all of their connections to this process; of one address, without a token. Default 500. */
  readonly perClient: number;
  /** WebSockets to this process. Default 10000. */
  readonly connections: number;
  /** Of these, from one address, or one /64 network of IPv6: it may be that of a whole office. Default 2000. */
  readonly connectionsPerAddress: number;
  /** And of one principal: their tabs and devices. Default 200. */
  readonly connectionsPerClient: number;
}

export const defaultSubscriptionLimits: SubscriptionLimits = {
  perConnection: 100,
  perClient: 500,
  connections: 10_000,
  connectionsPerAddress: 2_000,
  connectionsPerClient: 200,
};

/** Counts what is under way, by whatever it is limited by. */
export class Places<Key> {
  readonly #most: number;
  readonly #refuse: (most: number) => Error;
  readonly #taken = new Map<Key, number>();

  /** @param refuse makes what is thrown when there are `most` */
  constructor(most: number, refuse: (most: number) => Error) {
    this.#most = most;
    this.#refuse = refuse;
  }

  /** @returns what gives the place back */
  take(key: Key): Disposable {
    if (this.#countOf(key) >= this.#most) throw this.#refuse(this.#most);
    this.#change(key, 1);
    return { [Symbol.dispose]: () => this.#change(key, -1) };
  }

  #countOf(key: Key): number {
    return this.#taken.get(key) ?? 0;
  }

  #change(key: Key, by: 1 | -1): void {
    const count = this.#countOf(key) + by;
    if (count === 0) this.#taken.delete(key);
    else this.#taken.set(key, count);
  }
}
