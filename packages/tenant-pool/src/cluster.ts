import { unseal, type KeyRing, type Logger } from '@tenantry/service';
import { ConnectionBudget } from './budget.ts';
import { connectionError, connectionFailure, type ConnectionFailure } from './connection-failure.ts';
import { TenantConnections } from './connections.ts';
import type { TenantPlacement } from './directory/placement.ts';
import type { TenantHandles } from './handles/tenant-handles.ts';
import type { PoolLimits } from './limits.ts';
import type { ClusterUsage } from './metrics.ts';
import { tenantAdapter } from './tenant-adapter.ts';
import { TenantEntry } from './tenant-entry.ts';

export interface ClusterOptions {
  name: string;
  service: string;
  limits: PoolLimits;
  keyRing: KeyRing;
  handles: TenantHandles;
  logger: Logger;
  onStatement: (tenantId: string, sql: string, durationMs: number) => void;
  onColdStart: (durationMs: number) => void;
  onConnectionFailure: (entry: TenantEntry, failure: ConnectionFailure) => void;
  /** Closes an idle entry so that another tenant gets its connections. */
  evict: (entry: TenantEntry) => Promise<void>;
}

/** One Postgres server as this process uses it: a budget of connections, and the tenants that share it. */
export class Cluster {
  readonly budget: ConnectionBudget;
  readonly #options: ClusterOptions;
  readonly #entries = new Set<TenantEntry>();

  constructor(options: ClusterOptions) {
    this.#options = options;
    this.budget = new ConnectionBudget({
      limit: options.limits.connectionsPerCluster,
      deadlineMs: options.limits.acquireDeadlineMs,
      reclaim: () => this.#reclaim(),
    });
  }

  /**
   * Opens an entry that is proven to reach its database.
   *
   * @throws {TenantBusyError} when the budget gave nothing within the deadline
   * @throws {TenantUnavailableError} when the database cannot be reached; its `cause` is the driver's error
   */
  async open(placement: TenantPlacement): Promise<TenantEntry> {
    await this.budget.reserve();
    const start = performance.now();
    const connections = this.#connections(placement);
    try {
      await connections.check();
      const entry = this.#entry(placement, connections, await connections.adapter());
      this.#entries.add(entry);
      this.#options.onColdStart(performance.now() - start);
      return entry;
    } catch (cause) {
      await connections.end(0);
      throw connectionError(connectionFailure(cause) ?? 'unreachable', cause);
    }
  }

  /** Forgets an entry that has closed. */
  delete(entry: TenantEntry): void {
    this.#entries.delete(entry);
  }

  usage(): ClusterUsage {
    const total = (value: (entry: TenantEntry) => number) => this.#entries.values().reduce((sum, entry) => sum + value(entry), 0);
    return {
      cluster: this.#options.name,
      limit: this.budget.limit,
      reserved: this.budget.used,
      open: total((entry) => entry.connections.open),
      idle: total((entry) => entry.connections.idle),
      waitingForBudget: this.budget.waiting,
      waitingForConnection: total((entry) => entry.connections.waiting),
      tenants: this.#entries.size,
      leases: total((entry) => entry.leases),
    };
  }

  #connections(placement: TenantPlacement): TenantConnections {
    const { service, limits, keyRing, logger } = this.#options;
    const { tenantId, sealedPassword } = placement;
    try {
      return new TenantConnections({
        placement,
        password: () => unseal(sealedPassword, tenantId, keyRing),
        service,
        limits,
        budget: this.budget,
        onError: (err) => logger.warn({ err, tenantId }, 'an idle connection was lost'),
      });
    } catch (error) {
      this.budget.release();
      throw error;
    }
  }

  #entry(placement: TenantPlacement, connections: TenantConnections, adapter: TenantEntry['adapter']): TenantEntry {
    const { handles, onStatement, onConnectionFailure } = this.#options;
    const entry: TenantEntry = new TenantEntry({
      placement,
      connections,
      handles,
      adapter: tenantAdapter({
        adapter,
        demand: () => connections.demand(),
        onStatement: (sql, durationMs) => onStatement(placement.tenantId, sql, durationMs),
      }),
      onIdle: () => this.budget.reclaim(),
      onConnectionFailure: (failure) => onConnectionFailure(entry, failure),
    });
    return entry;
  }

  /** The least recently used entry that nobody uses is closed; if there is none, a busy one gives up an unused connection. */
  #reclaim(): Promise<void> | null {
    let leastRecent: TenantEntry | undefined;
    for (const entry of this.#entries) {
      if (entry.idleSince !== null && entry.idleSince < (leastRecent?.idleSince ?? Infinity)) leastRecent = entry;
    }
    if (leastRecent) return this.#options.evict(leastRecent);
    for (const entry of this.#entries) {
      const shrunk = entry.connections.shrink();
      if (shrunk) return shrunk;
    }
    return null;
  }
}
