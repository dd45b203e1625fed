import { Gauge, type Registry } from 'prom-client';

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
  /** Milliseconds for which the oldest lease has been held; 0 when there is none. */
  oldestLeaseMs: number;
}

const gauges: readonly (readonly [name: string, help: string, value: (usage: ClusterUsage) => number])[] = [
  ['budget_connections', 'Connections that this process may hold.', (usage) => usage.limit],
  ['reserved_connections', 'Connections reserved from the budget.', (usage) => usage.reserved],
  ['open_connections', 'Connections that are open, or being opened or closed.', (usage) => usage.open],
  ['idle_connections', 'Open connections that nothing uses.', (usage) => usage.idle],
  ['budget_waiters', 'Tenants that wait for capacity.', (usage) => usage.waitingForBudget],
  ['connection_waiters', 'Operations that wait for a connection of their tenant.', (usage) => usage.waitingForConnection],
  ['open_tenants', 'Tenants with connections.', (usage) => usage.tenants],
  ['leases', 'Leases held.', (usage) => usage.leases],
  ['oldest_lease_seconds', 'Time for which the oldest lease has been held; 0 when there is none.', (usage) => usage.oldestLeaseMs / 1000],
];

/** Registers a gauge, by cluster, for each part of the usage; `usage` is asked once at each scrape. */
export function registerClusterUsage(registry: Registry, usage: () => ClusterUsage[]): void {
  const current = oncePerTurn(usage);
  for (const [name, help, value] of gauges) {
    const gauge = new Gauge({
      name: `tenantry_pool_${name}`,
      help,
      labelNames: ['cluster'],
      registers: [registry],
      collect: () => {
        for (const cluster of current()) gauge.set({ cluster: cluster.cluster }, value(cluster));
      },
    });
  }
}

/** Has `read` asked once for all who ask in the same turn, as the gauges of a scrape do. */
function oncePerTurn<Value>(read: () => Value): () => Value {
  let known: { value: Value } | null = null;
  return () => {
    if (!known) queueMicrotask(() => (known = null));
    return (known ??= { value: read() }).value;
  };
}
