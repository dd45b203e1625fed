import { setImmediate as macrotask } from 'node:timers/promises';
import { hash } from '../world/hash.ts';

interface Waiting {
  readonly key: string;
  readonly letThrough: () => void;
}

/**
 * Lets answers through one at a time, each only when nothing else can run: in an order that depends on the keys of those that wait and
 * on the seed, and not on how an executor makes its promises.
 */
export class Turnstile {
  readonly #seed: number;
  readonly #waiting: Waiting[] = [];
  #isTurning = false;

  constructor(seed: number) {
    this.#seed = seed;
  }

  async pass(key: string): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#waiting.push({ key, letThrough: resolve });
      void this.#turn();
    });
  }

  async #turn(): Promise<void> {
    if (this.#isTurning) return;
    this.#isTurning = true;
    while (this.#waiting.length > 0) {
      await macrotask();
      this.#waiting.sort((one, other) => this.#rank(one) - this.#rank(other) || (one.key < other.key ? -1 : 1));
      this.#waiting.shift()?.letThrough();
    }
    this.#isTurning = false;
  }

  #rank({ key }: Waiting): number {
    return hash(`${this.#seed} ${key}`);
  }
}
