import type { QueueParty } from './fair-queue.ts';

/** Ends a piece of work: its connection is free again. Calls after the first do nothing. */
export type EndWork = () => void;

/** The tenant behind an account, as the budget deals with it. */
export interface AccountHolder {
  /** Whether nobody uses the tenant, so that all its connections may go. */
  isIdle(): boolean;
  /** Begins to close all the tenant's connections; {@link isIdle} was true. */
  evict(): void;
  /** Begins to close one connection that no work holds. @returns false when there turns out to be none */
  closeSpare(): boolean;
}

export interface AccountLimits {
  /** Connections at most. */
  max: number;
  /** Turns that the tenant gets for each one of a tenant of weight 1, while both wait. */
  weight: number;
}

/** What an account asks of its budget, and tells it. */
export interface AccountBudget {
  /** Takes a connection more from the budget for `account`, if one is free and nobody waits for it. */
  tryReserve(account: BudgetAccount): boolean;
  close(account: BudgetAccount): void;
  onReserved(change: number): void;
  onClosing(change: number): void;
  /** To be called when what `account` has to spare, or whether it wants more, may have changed. */
  reconsider(account: BudgetAccount): void;
  onWaitEnd(account: BudgetAccount): void;
  onWorkEnd(account: BudgetAccount): void;
  /** Why a piece of work that waited as long as it may is refused. */
  refusal(account: BudgetAccount): Error;
  readonly deadlineMs: number;
}

interface Waiter {
  begin: (end: EndWork) => void;
  refuse: (error: unknown) => void;
}

/**
 * One tenant's part of a budget. A piece of work (a statement, a transaction) takes a connection with {@link acquire}; when none is
 * free it waits, behind the tenant's own earlier work.
 *
 * {@link reserved} connections are the tenant's: those that work holds or is about to make, those that are spare, and those that
 * are closing, which serve nobody and count until they have closed.
 */
export class BudgetAccount implements QueueParty {
  readonly holder: AccountHolder;
  /** By `performance.now()`: until then a tenant that is in use keeps its connections, though others wait. */
  turnEndsAt = 0;
  readonly #budget: AccountBudget;
  readonly #waiters = new Set<Waiter>();
  #limits: AccountLimits;
  #reserved = 0;
  /** Pieces of work that hold a connection, or the right to make one. */
  #works = 0;
  /** Connections being made, open, or not yet closed. */
  #live = 0;
  /** Connections that are closing. */
  #leaving = 0;
  /** Connections that are to close, and have not begun to. */
  #given = 0;

  constructor(budget: AccountBudget, holder: AccountHolder, limits: AccountLimits) {
    this.#budget = budget;
    this.holder = holder;
    this.#limits = limits;
  }

  get weight(): number {
    return this.#limits.weight;
  }

  get max(): number {
    return this.#limits.max;
  }

  get reserved(): number {
    return this.#reserved;
  }

  /** Connections that nothing uses. */
  get spare(): number {
    return this.#reserved - this.#works - this.#closing;
  }

  get waiting(): number {
    return this.#waiters.size;
  }

  /** Whether work waits that one more connection would help. */
  get wantsMore(): boolean {
    return this.#waiters.size > 0 && this.#reserved < this.max;
  }

  setLimits(limits: AccountLimits): void {
    this.#limits = limits;
    this.#budget.reconsider(this);
  }

  /**
   * Begins a piece of work, at once when a connection is free.
   *
   * @throws {TenantBusyError} by the promise, when none came free within the deadline
   */
  acquire(): EndWork | Promise<EndWork> {
    // No await between the check and the beginning, so that no two pieces of work get one connection.
    if (this.#waiters.size === 0 && (this.spare > 0 || this.#budget.tryReserve(this))) return this.#begin();
    return this.#wait();
  }

  /** Begins the work that has waited longest, on a connection that is spare or was granted just now. */
  serve(): void {
    const [first] = this.#waiters;
    if (!first) return;
    this.#waiters.delete(first);
    first.begin(this.#begin());
  }

  /** Begins what can begin on spare connections. */
  serveSpare(): void {
    while (this.spare > 0 && this.#waiters.size > 0) this.serve();
    if (!this.wantsMore) this.#budget.onWaitEnd(this);
  }

  refuseAll(error: unknown): void {
    for (const waiter of this.#waiters) waiter.refuse(error);
    this.#waiters.clear();
    this.#budget.onWaitEnd(this);
  }

  /** Gives one spare connection up. @returns false when there turns out to be none */
  closeSpare(): boolean {
    if (!this.holder.closeSpare()) return false;
    this.#give(1);
    return true;
  }

  /** Gives all spare connections up, and the tenant with them. */
  evict(): void {
    this.#give(this.spare);
    this.holder.evict();
  }

  /** To be called when there is no connection left, and never will be. */
  close(): void {
    this.#give(-this.#given);
    this.#count();
    this.#budget.close(this);
  }

  /** To be called when {@link AccountHolder.isIdle} has become true. */
  onIdle(): void {
    this.#budget.reconsider(this);
  }

  /** To be called when a connection begins to be made. */
  onConnectionStart(): void {
    this.#live += 1;
    this.#count();
  }

  /**
   * To be called when a connection begins to close, or could not be made: from now on it serves nobody.
   *
   * @param isGivenUp whether that is the holder's doing what it was told
   */
  onConnectionLeave(isGivenUp: boolean): void {
    this.#leaving += 1;
    if (isGivenUp && this.#given > 0) this.#given -= 1;
    else this.#budget.onClosing(1);
    this.#count();
  }

  /** To be called when a connection that was leaving has closed. */
  onConnectionEnd(): void {
    this.#live -= 1;
    this.#leaving -= 1;
    this.#budget.onClosing(-1);
    this.#count();
    this.#budget.reconsider(this);
  }

  get #closing(): number {
    return this.#leaving + this.#given;
  }

  #give(connections: number): void {
    this.#given += connections;
    this.#budget.onClosing(connections);
  }

  #begin(): EndWork {
    this.#works += 1;
    this.#count();
    let hasEnded = false;
    return () => {
      if (hasEnded) return;
      hasEnded = true;
      this.#works -= 1;
      this.#count();
      this.#budget.onWorkEnd(this);
    };
  }

  async #wait(): Promise<EndWork> {
    const { promise, resolve, reject } = Promise.withResolvers<EndWork>();
    const waiter: Waiter = { begin: resolve, refuse: reject };
    this.#waiters.add(waiter);
    const deadline = setTimeout(() => {
      const refusal = this.#budget.refusal(this);
      this.#waiters.delete(waiter);
      if (!this.wantsMore) this.#budget.onWaitEnd(this);
      reject(refusal);
    }, this.#budget.deadlineMs);
    this.#budget.reconsider(this);
    try {
      return await promise;
    } finally {
      clearTimeout(deadline);
    }
  }

  #count(): void {
    const reserved = Math.max(this.#works + this.#closing, this.#live);
    const change = reserved - this.#reserved;
    this.#reserved = reserved;
    if (change !== 0) this.#budget.onReserved(change);
  }
}
