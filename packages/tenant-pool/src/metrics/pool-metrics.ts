import { Counter, Histogram, type Registry } from 'prom-client';
import type { BreakerUsage } from '../breaker/tenant-breakers.ts';
import { registerBreakerUsage } from './breaker-usage.ts';
import { registerClusterUsage, type ClusterUsage } from './cluster-usage.ts';
import type { LeaseOutcome } from './lease-outcome.ts';
import { TenantMetrics, type TenantQuery } from './tenant-metrics.ts';

export interface PoolMetricsOptions {
  /** The tenants' breakers at the moment of a scrape. */
  breakers?: () => BreakerUsage[];
  /** Tenants that are named in labels at a time, those with the most traffic; 0 names none. Default 20. */
  topTenants?: number;
}

const secondsBuckets = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/**
 * The pool's metrics. Labels are clusters, reasons and outcomes, which are few; where a tenant is one, it is one of the
 * `topTenants` or `other`.
 */
export class PoolMetrics {
  readonly leases: Counter<'outcome'>;
  readonly leaseWait: Histogram;
  readonly overdueLeases: Counter<'outcome'>;
  readonly connectionWait: Histogram;
  readonly coldStart: Histogram;
  readonly evictions: Counter<'reason'>;
  readonly evictionsRefused: Counter<'reason'>;
  readonly connectionFailures: Counter<'failure'>;
  readonly breakerChanges: Counter<'failure' | 'state'>;
  readonly statements: Histogram;
  readonly #tenants: TenantMetrics;

  /** @param usage asked at each scrape, as is `breakers` */
  constructor(registry: Registry, usage: () => ClusterUsage[], { breakers, topTenants = 20 }: PoolMetricsOptions = {}) {
    const registers = [registry];
    const counter = <Label extends string>(name: string, help: string, ...labelNames: Label[]) =>
      new Counter({ name: `tenantry_pool_${name}`, help, labelNames, registers });
    const seconds = (name: string, help: string) =>
      new Histogram({ name: `tenantry_pool_${name}_seconds`, help, buckets: secondsBuckets, registers });

    this.leases = counter('leases_total', 'Requests for a lease, by how they ended.', 'outcome');
    this.leaseWait = seconds('lease_wait', 'Time from the request for a lease to its grant.');
    this.overdueLeases = counter('overdue_leases_total', 'Leases that nobody returned in time, by what was done.', 'outcome');
    this.connectionWait = seconds(
      'connection_wait',
      'Time that statements and transactions waited for a connection, of those that found none free.',
    );
    this.coldStart = seconds('cold_start', 'Time to connect to a tenant that was not open, once capacity was reserved.');
    this.evictions = counter('evictions_total', 'Tenants whose connections were closed, by reason.', 'reason');
    this.evictionsRefused = counter('evictions_refused_total', 'Times that no tenant gave up a connection, by reason.', 'reason');
    this.connectionFailures = counter(
      'connection_failures_total',
      'Operations, and openings of tenants, that found no connection, by failure.',
      'failure',
    );
    this.breakerChanges = counter('breaker_changes_total', 'Circuits that changed, by failure and new state.', 'failure', 'state');
    this.statements = seconds(
      'statement',
      'Time of an SQL statement, from when its turn had come; connecting is part of it where that was needed.',
    );
    this.#tenants = new TenantMetrics(registry, { topTenants });
    registerClusterUsage(registry, usage);
    if (breakers) registerBreakerUsage(registry, breakers);
  }

  /** Counts a request for a lease that ended, by outcome and by tenant. */
  observeLease(tenantId: string, outcome: LeaseOutcome): void {
    this.leases.inc({ outcome });
    this.#tenants.observeLease(tenantId, outcome);
  }

  /** Takes the time of a Prisma operation that ended, by tenant and model. */
  observeQuery(query: TenantQuery): void {
    this.#tenants.observeQuery(query);
  }
}
