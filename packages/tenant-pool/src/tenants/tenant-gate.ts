import type { Attempt } from '../breaker/attempt.ts';
import type { TenantBreakers } from '../breaker/tenant-breakers.ts';
import type { EndWork } from '../budget/budget-account.ts';
import { connectionFailure } from '../connections/connection-failure.ts';
import type { PoolEvents } from '../pool-events.ts';

export interface TenantGateOptions {
  tenantId: string;
  breakers: TenantBreakers;
  acquire: () => EndWork | Promise<EndWork>;
  /** Whether the connections are being taken away, so that how work ends says nothing of the database. */
  isClosing: () => boolean;
  events: Pick<PoolEvents, 'onConnectionWait'>;
}

/** The way of each statement and transaction to one tenant's database: through its breaker, then through its cluster's budget. */
export class TenantGate {
  readonly #options: TenantGateOptions;

  constructor(options: TenantGateOptions) {
    this.#options = options;
  }

  /**
   * Lets one piece of work pass when its turn has come.
   *
   * @throws {TenantUnavailableError} {TenantBusyError} at once, while the breaker keeps the way closed
   * @throws {TenantBusyError} when no connection came free within the deadline
   */
  async enter(): Promise<Passage> {
    const { tenantId, breakers, acquire, isClosing } = this.#options;
    breakers.check(tenantId);
    const acquired = acquire();
    const endWork = acquired instanceof Promise ? await this.#waited(acquired) : acquired;
    try {
      // Again, as the database may have failed while this waited.
      return new Passage(breakers.admit(tenantId), endWork, isClosing);
    } catch (error) {
      endWork();
      throw error;
    }
  }

  async #waited(acquired: Promise<EndWork>): Promise<EndWork> {
    const start = performance.now();
    const endWork = await acquired;
    this.#options.events.onConnectionWait(performance.now() - start);
    return endWork;
  }
}

/** A piece of work that has a connection, or the right to make one, until it leaves. */
export class Passage {
  readonly #endWork: EndWork;
  readonly #isClosing: () => boolean;
  #attempt: Attempt | null;

  constructor(attempt: Attempt, endWork: EndWork, isClosing: () => boolean) {
    this.#attempt = attempt;
    this.#endWork = endWork;
    this.#isClosing = isClosing;
  }

  /** Tells the breaker that the database answered. */
  reached(): void {
    this.#attempt?.succeeded();
    this.#attempt = null;
  }

  /** @param error what the work failed with, if it failed: an error of SQL is an answer, too */
  leave(error?: unknown): void {
    const failure = error === undefined ? null : connectionFailure(error);
    if (this.#isClosing()) this.#attempt?.abandoned();
    else if (failure) this.#attempt?.failed(failure);
    else this.#attempt?.succeeded();
    this.#attempt = null;
    this.#endWork();
  }
}
