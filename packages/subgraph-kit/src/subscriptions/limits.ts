import { TooManySubscriptionsError } from '../errors.ts';

/** Subscriptions that are open at the same time, at most. */
export interface SubscriptionLimits {
  /** In this process. Default 10000. */
  readonly perProcess: number;
  /** Of one tenant, in this process; platform operators outside of every tenant count as one. Default 1000. */
  readonly perTenant: number;
}

export const defaultSubscriptionLimits: SubscriptionLimits = { perProcess: 10_000, perTenant: 1000 };

/** Counts what is open. */
export class SubscriptionCounts {
  readonly #limits: SubscriptionLimits;
  readonly #byTenant = new Map<string | null, number>();
  #open = 0;

  constructor(limits: SubscriptionLimits) {
    this.#limits = limits;
  }

  get open(): number {
    return this.#open;
  }

  /** @returns what gives the place back @throws {TooManySubscriptionsError} */
  take(tenantId: string | null): Disposable {
    const { perProcess, perTenant } = this.#limits;
    if (this.#open >= perProcess) throw new TooManySubscriptionsError('This server', perProcess);
    if (this.#countOf(tenantId) >= perTenant) throw new TooManySubscriptionsError('This tenant', perTenant);
    this.#change(tenantId, 1);
    return { [Symbol.dispose]: () => this.#change(tenantId, -1) };
  }

  #countOf(tenantId: string | null): number {
    return this.#byTenant.get(tenantId) ?? 0;
  }

  #change(tenantId: string | null, by: 1 | -1): void {
    const count = this.#countOf(tenantId) + by;
    this.#open += by;
    if (count === 0) this.#byTenant.delete(tenantId);
    else this.#byTenant.set(tenantId, count);
  }
}
