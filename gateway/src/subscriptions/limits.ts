import { TooManyOperationsError } from '../errors.ts';

export interface SubscriptionLimits {
  /** Operations that may be under way over one WebSocket. Default 100. */
  readonly perConnection: number;
  /** Operations of one principal, over all of their connections to this process; of one address, without a token. Default 500. */
  readonly perClient: number;
  /** WebSockets to this process. Default 10000. */
  readonly connections: number;
}

export const defaultSubscriptionLimits: SubscriptionLimits = { perConnection: 100, perClient: 500, connections: 10_000 };

/** Counts what is under way, by whatever it is limited by. */
export class Places<Key> {
  readonly #most: number;
  readonly #whose: string;
  readonly #taken = new Map<Key, number>();

  /** @param whose how a refusal calls a key: "this connection" */
  constructor(most: number, whose: string) {
    this.#most = most;
    this.#whose = whose;
  }

  /** @returns what gives the place back @throws {TooManyOperationsError} */
  take(key: Key): Disposable {
    if (this.#countOf(key) >= this.#most) throw new TooManyOperationsError(this.#whose, this.#most);
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
