import { TenantBusyError } from './errors.ts';

export interface BudgetOptions {
  /** Connections at most. */
  limit: number;
  /** Milliseconds that a reservation may wait. */
  deadlineMs: number;
  /**
   * Starts giving back at least one reserved connection that nobody needs now.
   *
   * @returns a promise of its end, or null when every connection is needed
   */
  reclaim: () => Promise<void> | null;
}

interface Waiter {
  resolve: () => void;
  reject: (error: unknown) => void;
}

/**
 * The right to hold connections to one cluster. A connection is reserved before it is made and released once it has closed, so
 * that there are never more than {@link limit}. When there are none left, callers wait in the order in which they came.
 */
export class ConnectionBudget {
  readonly limit: number;
  readonly #deadlineMs: number;
  readonly #reclaim: () => Promise<void> | null;
  readonly #waiters = new Set<Waiter>();
  #used = 0;
  #reclaiming = 0;

  constructor({ limit, deadlineMs, reclaim }: BudgetOptions) {
    this.limit = limit;
    this.#deadlineMs = deadlineMs;
    this.#reclaim = reclaim;
  }

  get used(): number {
    return this.#used;
  }

  get waiting(): number {
    return this.#waiters.size;
  }

  /** Reserves a connection if one is free and nobody waits for it. */
  tryReserve(): boolean {
    // No await between the check and the reservation, so two callers cannot both pass.
    if (this.#used >= this.limit || this.#waiters.size > 0) return false;
    this.#used += 1;
    return true;
  }

  /**
   * Reserves a connection, after all who asked before.
   *
   * @throws {TenantBusyError} when none came free within the deadline
   */
  async reserve(): Promise<void> {
    if (this.tryReserve()) return;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiter: Waiter = { resolve, reject };
    this.#waiters.add(waiter);
    const timer = setTimeout(() => {
      this.#waiters.delete(waiter);
      reject(new TenantBusyError(`All ${this.limit} connections to the cluster were in use for ${this.#deadlineMs} ms.`));
    }, this.#deadlineMs);
    this.reclaim();
    try {
      await promise;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Gives one reservation back: to the first who waits, else to whoever comes. */
  release(): void {
    const [first] = this.#waiters;
    if (first) {
      this.#waiters.delete(first);
      first.resolve();
    } else {
      this.#used -= 1;
    }
  }

  /** Fails everyone who waits. */
  refuseAll(error: unknown): void {
    for (const waiter of this.#waiters) waiter.reject(error);
    this.#waiters.clear();
  }

  /** Has as many connections reclaimed as there are waiters. To be called when one has become reclaimable. */
  reclaim(): void {
    while (this.#reclaiming < this.#waiters.size && this.#reclaimOne());
  }

  /** Has one connection reclaimed although nobody waits for it yet. */
  reclaimSpare(): void {
    if (this.#used >= this.limit && this.#reclaiming === 0) this.#reclaimOne();
  }

  #reclaimOne(): boolean {
    const reclaimed = this.#reclaim();
    if (!reclaimed) return false;
    this.#reclaiming += 1;
    void reclaimed.finally(() => {
      this.#reclaiming -= 1;
      this.reclaim();
    });
    return true;
  }
}
