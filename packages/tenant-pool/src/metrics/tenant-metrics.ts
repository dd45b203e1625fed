import { Counter, Histogram, type Registry } from 'prom-client';
import type { QueryReport } from '../handles/grant.ts';
import type { LeaseOutcome } from './lease-outcome.ts';
import { TopTenants } from './top-tenants.ts';

/** How an operation on a tenant's database went. Models are the Prisma schema's, which bounds their number. */
export interface TenantQuery extends QueryReport {
  readonly tenantId: string;
}

export interface TenantMetricsOptions {
  /** Tenants named in labels at a time. */
  topTenants: number;
  /** Milliseconds of a clock that never goes back. Default `performance.now`. */
  now?: () => number;
}

type TenantLabels = 'tenant' | 'model';

/** One tenant's series; finding them once spares the labels' check at each observation. */
interface TenantSeries {
  readonly queries: Map<string, Histogram.Internal<TenantLabels>>;
  readonly failures: Counter.Internal;
  readonly leases: Map<LeaseOutcome, Counter.Internal>;
}

/** Few, as there is a set of them for each tenant and model. */
const secondsBuckets = [0.001, 0.005, 0.025, 0.1, 0.5, 2.5];

/**
 * Metrics by tenant. The label is the id of a tenant with much traffic, or `other` for all the rest ({@link TopTenants}).
 *
 * A tenant that falls out of the top counts into `other` from then on. Its own series keep their last values for two minutes and
 * then end; nothing of them is moved, as in `other` it would look like traffic. So a sum of `rate()` over all tenants is right,
 * a sum of the totals is not. A tenant that comes back later starts from 0, which `rate()` takes for the reset that it is.
 */
export class TenantMetrics {
  readonly #top: TopTenants;
  readonly #series = new Map<string, TenantSeries>();
  readonly #queries: Histogram<TenantLabels>;
  readonly #failures: Counter<'tenant'>;
  readonly #leases: Counter<'tenant' | 'outcome'>;

  constructor(registry: Registry, { topTenants, now = () => performance.now() }: TenantMetricsOptions) {
    const registers = [registry];
    // Whichever is scraped first: labels change between scrapes, never within one.
    const collect = () => this.#reconsider();
    this.#top = new TopTenants({ size: topTenants, now });
    this.#queries = new Histogram({
      name: 'tenantry_pool_query_seconds',
      help: 'Time of a Prisma operation, by tenant and model; the model is "raw" for SQL and "transaction" for a whole transaction.',
      labelNames: ['tenant', 'model'],
      buckets: secondsBuckets,
      registers,
      collect,
    });
    this.#failures = new Counter({
      name: 'tenantry_pool_query_failures_total',
      help: 'Prisma operations that threw, by tenant.',
      labelNames: ['tenant'],
      registers,
      collect,
    });
    this.#leases = new Counter({
      name: 'tenantry_pool_tenant_leases_total',
      help: 'Requests for a lease, by tenant and how they ended.',
      labelNames: ['tenant', 'outcome'],
      registers,
      collect,
    });
  }

  observeQuery({ tenantId, model, operation, durationMs, ok }: TenantQuery): void {
    const tenant = this.#top.count(tenantId);
    const { queries, failures } = this.#seriesOf(tenant);
    const name = model ?? (operation === '$transaction' ? 'transaction' : 'raw');
    let series = queries.get(name);
    if (!series) queries.set(name, (series = this.#queries.labels({ tenant, model: name })));
    series.observe(durationMs / 1000);
    if (!ok) failures.inc();
  }

  /** Only what is granted counts as traffic: who asks for tenants that do not exist shall not have them named. */
  observeLease(tenantId: string, outcome: LeaseOutcome): void {
    const tenant = outcome === 'granted' ? this.#top.count(tenantId) : this.#top.labelOf(tenantId);
    const { leases } = this.#seriesOf(tenant);
    let series = leases.get(outcome);
    if (!series) leases.set(outcome, (series = this.#leases.labels({ tenant, outcome })));
    series.inc();
  }

  #seriesOf(tenant: string): TenantSeries {
    const known = this.#series.get(tenant);
    if (known) return known;
    const series = { queries: new Map(), failures: this.#failures.labels({ tenant }), leases: new Map() };
    this.#series.set(tenant, series);
    return series;
  }

  #reconsider(): void {
    for (const tenant of this.#top.reconsider()) this.#remove(tenant);
  }

  #remove(tenant: string): void {
    const series = this.#series.get(tenant);
    if (!series) return;
    this.#series.delete(tenant);
    for (const model of series.queries.keys()) this.#queries.remove({ tenant, model });
    for (const outcome of series.leases.keys()) this.#leases.remove({ tenant, outcome });
    this.#failures.remove({ tenant });
  }
}
