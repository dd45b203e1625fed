import { TenantBusyError } from '../errors.ts';
import { BudgetAccount, type AccountBudget, type AccountHolder, type AccountLimits } from './budget-account.ts';
import { FairQueue } from './fair-queue.ts';

/** Why no connection could be taken back for somebody who waits: work holds them all, or what is spare is in its tenant's turn. */
export type EvictionRefusal = 'working' | 'turn';

export interface BudgetOptions {
  /** Connections at most, over all tenants. */
  limit: number;
  /** Milliseconds that a piece of work may wait for a connection. */
  deadlineMs: number;
  /** Milliseconds for which a tenant in use keeps a connection, though others wait, also while it does not work on it. */
  turnMs: number;
  onEvictionRefused?: (reason: EvictionRefusal) => void;
  /** Told when what the budget may hold at most has changed: its limit, or while more than that is reserved, what is. */
  onCeiling?: (connections: number) => void;
}

/**
 * The right to hold connections to one cluster. A connection is reserved before it is made and counts until it has closed, so that
 * there are never more than {@link limit}.
 *
 * When there are none left, tenants wait in a fair queue, one place each however much work they have, weighted by their tier. What
 * they wait for is taken back from others: all connections of the tenant that has been idle for longest; else a connection that a
 * tenant in use does not work on now and has had for its turn. Work that runs is never interrupted.
 */
export class ConnectionBudget implements AccountBudget {
  readonly deadlineMs: number;
  readonly #turnMs: number;
  readonly #onEvictionRefused: (reason: EvictionRefusal) => void;
  readonly #onCeiling: (connections: number) => void;
  readonly #accounts = new Set<BudgetAccount>();
  readonly #queue = new FairQueue<BudgetAccount>();
  /** Accounts with spare connections, the least recently used first. */
  readonly #spare = new Set<BudgetAccount>();
  #limit: number;
  #ceiling: number;
  #used = 0;
  /** Connections that are closing, or are to close. */
  #closing = 0;
  #turnEnd: NodeJS.Timeout | undefined;

  constructor({ limit, deadlineMs, turnMs, onEvictionRefused = () => {}, onCeiling = () => {} }: BudgetOptions) {
    this.#limit = limit;
    this.#ceiling = limit;
    this.deadlineMs = deadlineMs;
    this.#turnMs = turnMs;
    this.#onEvictionRefused = onEvictionRefused;
    this.#onCeiling = onCeiling;
  }

  get limit(): number {
    return this.#limit;
  }

  /** What {@link BudgetOptions.onCeiling} was last told. */
  get ceiling(): number {
    return this.#ceiling;
  }

  /** Connections reserved; more than {@link limit} only after that was lowered, until work has ended. */
  get used(): number {
    return this.#used;
  }

  /** Tenants that wait for a connection. */
  get waiting(): number {
    return this.#queue.size;
  }

  open(holder: AccountHolder, limits: AccountLimits): BudgetAccount {
    const account = new BudgetAccount(this, holder, limits);
    this.#accounts.add(account);
    return account;
  }

  /** Changes the limit. What is above a lower one is closed as soon as no work holds it. */
  resize(limit: number): void {
    this.#limit = limit;
    this.#noteCeiling();
    this.#reconsider();
  }

  close(account: BudgetAccount): void {
    this.#accounts.delete(account);
    this.#spare.delete(account);
    this.#reconsider();
  }

  tryReserve(account: BudgetAccount): boolean {
    if (account.reserved >= account.max || this.#used >= this.#limit || this.#queue.size > 0) return false;
    this.#beginTurn(account);
    return true;
  }

  refusal(account: BudgetAccount): TenantBusyError {
    const ofTenant = `All ${account.max} connections of the tenant were in use`;
    const ofCluster =
      this.#limit > 0 ? `All ${this.#limit} connections to the cluster were in use` : 'This process had no connection to the cluster';
    return new TenantBusyError(`${account.wantsMore ? ofCluster : ofTenant} for ${this.deadlineMs} ms.`);
  }

  onReserved(change: number): void {
    this.#used += change;
    this.#noteCeiling();
  }

  onClosing(change: number): void {
    this.#closing += change;
  }

  reconsider(account: BudgetAccount): void {
    this.#noteSpare(account);
    this.#noteWaiting(account);
    this.#reconsider();
  }

  onWaitEnd(account: BudgetAccount): void {
    this.#queue.delete(account);
  }

  onWorkEnd(account: BudgetAccount): void {
    if (!this.#mustYield(account)) this.#continue(account);
    this.reconsider(account);
    // What was not taken back from it.
    account.serveSpare();
  }

  #reconsider(): void {
    if (this.#queue.size === 0 && this.#used <= this.#limit) return;
    this.#grant();
    this.#reclaim();
  }

  #noteCeiling(): void {
    const ceiling = Math.max(this.#used, this.#limit);
    if (ceiling === this.#ceiling) return;
    this.#ceiling = ceiling;
    this.#onCeiling(ceiling);
  }

  /** Whether a connection that work just left is another's now. */
  #mustYield(account: BudgetAccount): boolean {
    if (this.#used > this.#limit) return true;
    if (this.#queue.size === 0 || account.turnEndsAt > performance.now()) return false;
    return account.waiting === 0 || this.#queue.firstWith(account) !== account;
  }

  /** Has the account's own work go on. Nobody is before it: if its turn is over, it has another. */
  #continue(account: BudgetAccount): void {
    if (account.waiting > 0 && account.turnEndsAt <= performance.now()) {
      this.#queue.take(account);
      this.#beginTurn(account);
    }
    account.serveSpare();
  }

  #beginTurn(account: BudgetAccount): void {
    account.turnEndsAt = performance.now() + this.#turnMs;
  }

  #noteSpare(account: BudgetAccount): void {
    this.#spare.delete(account);
    if (account.spare > 0 && this.#accounts.has(account)) this.#spare.add(account);
  }

  #noteWaiting(account: BudgetAccount): void {
    if (account.wantsMore) this.#queue.add(account);
    else this.#queue.delete(account);
  }

  /** Gives what is free to who is next. */
  #grant(): void {
    for (let next = this.#queue.first(); next && this.#used < this.#limit; next = this.#queue.first()) {
      this.#queue.take(next);
      this.#beginTurn(next);
      next.serve();
      this.#noteWaiting(next);
    }
  }

  /** Has as many connections closed as are waited for, or are above the limit; those that are closing already count. */
  #reclaim(): void {
    clearTimeout(this.#turnEnd);
    while (this.#queue.size + this.#used - this.#limit > this.#closing) if (!this.#reclaimOne()) return this.#reclaimLater();
  }

  #reclaimOne(): boolean {
    const spare = [...this.#spare].filter((account) => account.spare > 0);
    const idle = spare.find(({ holder }) => holder.isIdle());
    if (idle) {
      idle.evict();
      return true;
    }
    const now = performance.now();
    return spare.some((account) => (this.#used > this.#limit || account.turnEndsAt <= now) && account.closeSpare());
  }

  /** Comes back when the first turn ends among tenants that have a connection to spare. */
  #reclaimLater(): void {
    const ends = [...this.#spare].filter(({ spare }) => spare > 0).map(({ turnEndsAt }) => turnEndsAt);
    this.#onEvictionRefused(ends.length > 0 ? 'turn' : 'working');
    if (ends.length === 0) return;
    this.#turnEnd = setTimeout(() => this.#reconsider(), Math.max(1, Math.min(...ends) - performance.now())).unref();
  }
}
