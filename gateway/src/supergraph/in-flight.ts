import { abandonable } from '@tenantry/service';

/** Something that is under way, until it is disposed of; a second time makes no difference. */
class Entry implements Disposable {
  #leave: (() => void) | null;

  constructor(leave: () => void) {
    this.#leave = leave;
  }

  [Symbol.dispose](): void {
    this.#leave?.();
    this.#leave = null;
  }
}

/** Counts what is under way, so that it can be waited for. */
export class InFlight {
  #count = 0;
  /** While somebody waits for it. */
  #whenNone: PromiseWithResolvers<void> | null = null;

  readonly #leave = (): void => {
    this.#count--;
    if (this.#count > 0) return;
    this.#whenNone?.resolve();
    this.#whenNone = null;
  };

  get count(): number {
    return this.#count;
  }

  /** Counts one more until what is returned is disposed of, which may be done twice. */
  enter(): Disposable {
    this.#count++;
    return new Entry(this.#leave);
  }

  /**
   * Waits until nothing is under way: `ms` milliseconds at most, and until `signal` aborts.
   *
   * @returns whether nothing is
   */
  async noneWithin(ms: number, signal: AbortSignal): Promise<boolean> {
    const deadline = AbortSignal.any([AbortSignal.timeout(ms), signal]);
    try {
      if (this.#count > 0) await abandonable((this.#whenNone ??= Promise.withResolvers()).promise, deadline);
    } catch (error) {
      if (!deadline.aborted) throw error;
    }
    return this.#count === 0;
  }
}
