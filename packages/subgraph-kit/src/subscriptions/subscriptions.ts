import type { TenantContext } from '@tenantry/auth';
import type { TenantryError } from '@tenantry/service';
import type { TenantDirectory } from '@tenantry/tenant-pool';
import { Gauge, type Registry } from 'prom-client';
import { ServerStoppingError } from '../errors.ts';
import { defaultSubscriptionLimits, SubscriptionCounts, type SubscriptionLimits } from './limits.ts';
import { TenantStandings } from './tenant-standings.ts';
import { whenExpired } from './when-expired.ts';

export interface SubscriptionsOptions {
  directory: TenantDirectory;
  /** Default {@link defaultSubscriptionLimits}. */
  limits?: Partial<SubscriptionLimits> | undefined;
  /** Milliseconds between two looks whether the tenants are still served, in case word of a change was lost. Default 30000. */
  recheckMs?: number | undefined;
  metrics: Registry;
}

/** Told why a subscription must end. */
type OnEnd = (reason: TenantryError) => void;

/** All subscriptions of a process: how many there are, and what ends them. */
export class Subscriptions implements Disposable {
  readonly #counts: SubscriptionCounts;
  readonly #standings: TenantStandings;
  /** Told why they must end. */
  readonly #admitted = new Set<OnEnd>();
  #hasEnded = false;

  constructor({ directory, limits, recheckMs, metrics }: SubscriptionsOptions) {
    this.#counts = new SubscriptionCounts({ ...defaultSubscriptionLimits, ...limits });
    this.#standings = new TenantStandings({ directory, recheckMs });
    registerGauge(this.#counts, metrics);
  }

  /** How many are open. */
  get open(): number {
    return this.#counts.open;
  }

  /**
   * Lets in a subscription of whoever `context` tells of.
   *
   * @param onEnd told why it must end: the token has expired, or the tenant is not served any more
   * @returns what gives its place back
   * @throws {TooManySubscriptionsError} {UnauthenticatedError} {TenantSuspendedError} {TenantNotFoundError} {TenantUnavailableError}
   * @throws {ServerStoppingError} after the end of all of them
   */
  async admit({ principal, tenantId }: TenantContext, onEnd: OnEnd): Promise<Disposable> {
    if (this.#hasEnded) throw new ServerStoppingError();
    using admission = new DisposableStack();
    // No await before this, so that no two take the same place, and none is let in that is not told of the end of all.
    admission.use(this.#counts.take(tenantId));
    const own: OnEnd = (reason) => onEnd(reason);
    this.#admitted.add(own);
    admission.defer(() => this.#admitted.delete(own));
    const expiresAt = principal?.expiresAt ?? null;
    if (expiresAt !== null) admission.use(whenExpired(expiresAt, onEnd));
    if (tenantId !== null) {
      // Watched before it is checked, so that no change falls in between.
      admission.use(this.#standings.watch(tenantId, onEnd));
      await this.#standings.check(tenantId);
    }
    return admission.move();
  }

  /** Ends all that are open. */
  [Symbol.dispose](): void {
    this.#hasEnded = true;
    this.#standings[Symbol.dispose]();
    for (const onEnd of this.#admitted) onEnd(new ServerStoppingError());
  }
}

function registerGauge(counts: SubscriptionCounts, metrics: Registry): void {
  const gauge: Gauge = new Gauge({
    name: 'tenantry_subgraph_subscriptions',
    help: 'Subscriptions that are open in this process.',
    registers: [],
    collect: () => gauge.set(counts.open),
  });
  metrics.registerMetric(gauge);
}
