import { TenantryError } from '@tenantry/service';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { TenantBusyError, TenantUnavailableError } from './errors.ts';

/** How a request for a lease ended: `refused` by the tenant's status, `busy` and `unavailable` as the errors of these names. */
export type LeaseOutcome = 'granted' | 'refused' | 'busy' | 'unavailable' | 'failed';

export function leaseOutcome(error: unknown): LeaseOutcome {
  if (error instanceof TenantBusyError) return 'busy';
  if (error instanceof TenantUnavailableError) return 'unavailable';
  return error instanceof TenantryError ? 'refused' : 'failed';
}

/** One cluster's part of the pool at the moment of a scrape. */
export interface ClusterUsage {
  cluster: string;
  limit: number;
  reserved: number;
  open: number;
  idle: number;
  waitingForBudget: number;
  waitingForConnection: number;
  tenants: number;
  leases: number;
}

const secondsBuckets = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/**
 * The pool's metrics. Labels are clusters, reasons and outcomes, which are few; a tenant is never one.
 */
export class PoolMetrics {
  readonly leases: Counter<'outcome'>;
  readonly leaseWait: Histogram;
  readonly coldStart: Histogram;
  readonly evictions: Counter<'reason'>;
  readonly connectionFailures: Counter<'failure'>;
  readonly statements: Histogram;

  constructor(registry: Registry, usage: () => ClusterUsage[]) {
    const registers = [registry];
    this.leases = new Counter({
      name: 'tenantry_pool_leases_total',
      help: 'Requests for a lease, by how they ended.',
      labelNames: ['outcome'],
      registers,
    });
    this.leaseWait = new Histogram({
      name: 'tenantry_pool_lease_wait_seconds',
      help: 'Time from the request for a lease to its grant.',
      buckets: secondsBuckets,
      registers,
    });
    this.coldStart = new Histogram({
      name: 'tenantry_pool_cold_start_seconds',
      help: 'Time to connect to a tenant that was not open, once capacity was reserved.',
      buckets: secondsBuckets,
      registers,
    });
    this.evictions = new Counter({
      name: 'tenantry_pool_evictions_total',
      help: 'Tenants whose connections were closed, by reason.',
      labelNames: ['reason'],
      registers,
    });
    this.connectionFailures = new Counter({
      name: 'tenantry_pool_connection_failures_total',
      help: 'Operations that found no connection, by failure.',
      labelNames: ['failure'],
      registers,
    });
    this.statements = new Histogram({
      name: 'tenantry_pool_statement_seconds',
      help: 'Time of an SQL statement, its wait for a connection included.',
      buckets: secondsBuckets,
      registers,
    });
    registerUsage(registers, usage);
  }
}

const usageGauges: readonly (readonly [name: string, help: string, value: (usage: ClusterUsage) => number])[] = [
  ['budget_connections', 'Connections that this process may hold.', (usage) => usage.limit],
  ['reserved_connections', 'Connections reserved from the budget.', (usage) => usage.reserved],
  ['open_connections', 'Connections that are open, or being opened or closed.', (usage) => usage.open],
  ['idle_connections', 'Open connections that nothing uses.', (usage) => usage.idle],
  ['budget_waiters', 'Tenants that wait for capacity.', (usage) => usage.waitingForBudget],
  ['connection_waiters', 'Operations that wait for a connection of their tenant.', (usage) => usage.waitingForConnection],
  ['open_tenants', 'Tenants with connections.', (usage) => usage.tenants],
  ['leases', 'Leases held.', (usage) => usage.leases],
];

function registerUsage(registers: Registry[], usage: () => ClusterUsage[]): void {
  for (const [name, help, value] of usageGauges) {
    const gauge = new Gauge({
      name: `tenantry_pool_${name}`,
      help,
      labelNames: ['cluster'],
      registers,
      collect: () => {
        for (const cluster of usage()) gauge.set({ cluster: cluster.cluster }, value(cluster));
      },
    });
  }
}
