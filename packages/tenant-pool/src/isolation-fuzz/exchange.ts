/** Milliseconds after which an offer is taken by who made it, as nobody else came. */
const patienceMs = 5;

/** Where operations leave work for others to begin, amid what they do for another tenant. */
export class Exchange {
  readonly #offers = new Set<() => void>();

  /** What `work` gives, begun by whoever comes first. */
  async offer<Result>(work: () => PromiseLike<Result>): Promise<Result> {
    const { promise, resolve, reject } = Promise.withResolvers<Result>();
    const open = () => {
      if (this.#offers.delete(open)) work().then(resolve, reject);
    };
    this.#offers.add(open);
    setTimeout(open, patienceMs);
    return await promise;
  }

  /** Begins, here, whatever was offered. Does not wait for the outcome. */
  openAll(): void {
    for (const open of this.#offers) open();
  }
}
