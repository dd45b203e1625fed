import { abandonable } from '@tenantry/service';

/** Counts what is under way, so that it can be waited for. */
export class InFlight {
  #count = 0;
  #whenNone = Promise.withResolvers<void>();

  get count(): number {
    return this.#count;
  }

  /** Counts one more until what is returned is disposed of, which may be done twice. */
  enter(): Disposable {
    let isInside = true;
    this.#count++;
    return {
      [Symbol.dispose]: () => {
        if (!isInside) return;
        isInside = false;
        if (--this.#count === 0) this.#announce();
      },
    };
  }

  /**
   * Waits until nothing is under way: `ms` milliseconds at most, and until `signal` aborts.
   *
   * @returns whether nothing is
   */
  async noneWithin(ms: number, signal: AbortSignal): Promise<boolean> {
    const deadline = AbortSignal.any([AbortSignal.timeout(ms), signal]);
    try {
      if (this.#count > 0) await abandonable(this.#whenNone.promise, deadline);
    } catch (error) {
      if (!deadline.aborted) throw error;
    }
    return this.#count === 0;
  }

  #announce(): void {
    this.#whenNone.resolve();
    this.#whenNone = Promise.withResolvers();
  }
}
