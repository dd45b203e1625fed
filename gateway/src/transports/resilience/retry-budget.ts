/** Retries that may be made before anything was answered, and the most that are saved up. */
const capacity = 20;

/** What one answer adds, so that retries are at most this share of the calls that are answered. */
const share = 0.1;

/** Bounds what retries add to the load of a subgraph: each costs one, answers earn a part of one, and an outage earns nothing. */
export class RetryBudget {
  #balance = capacity;

  /** There was an answer. */
  earn(): void {
    this.#balance = Math.min(capacity, this.#balance + share);
  }

  /** @returns whether there may be a retry */
  spend(): boolean {
    if (this.#balance < 1) return false;
    this.#balance -= 1;
    return true;
  }
}
