import { ConnectionBudget } from '../budget/connection-budget.ts';
import type { TenantPlacement } from '../directory/placement.ts';
import { tenantLimits } from '../limits.ts';
import type { ClusterUsage } from '../metrics/cluster-usage.ts';
import { EntryOpener, type EntryOpenerOptions } from './entry-opener.ts';
import type { TenantEntry } from './tenant-entry.ts';

export interface ClusterOptions extends EntryOpenerOptions {
  name: string;
  /** Connections to the cluster that this process may have now. */
  connections: number;
  /** Told how many connections the cluster may hold at most, as that changes. */
  onCeiling?: (connections: number) => void;
}

/** One Postgres server as this process uses it: a budget of connections, and the tenants that share it. */
export class Cluster {
  readonly budget: ConnectionBudget;
  readonly #options: ClusterOptions;
  readonly #opener: EntryOpener;
  readonly #entries = new Set<TenantEntry>();

  constructor(options: ClusterOptions) {
    const { connections, limits, events, onCeiling } = options;
    this.#options = options;
    this.budget = new ConnectionBudget({
      limit: connections,
      deadlineMs: limits.acquireDeadlineMs,
      turnMs: limits.turnMs,
      onEvictionRefused: events.onEvictionRefused,
      ...(onCeiling && { onCeiling }),
    });
    this.#opener = new EntryOpener(options, this.budget);
  }

  /** @throws as {@link EntryOpener.open} */
  async open(placement: TenantPlacement): Promise<TenantEntry> {
    const entry = await this.#opener.open(placement);
    this.#entries.add(entry);
    return entry;
  }

  /** Refuses to open the tenants that wait for a connection. */
  refuseOpenings(error: unknown): void {
    for (const connections of this.#opener.openings) connections.refuseAll(error);
  }

  /** Gives the entry what its tenant's tier may have now. */
  setTier({ connections }: TenantEntry, { tier }: TenantPlacement): void {
    connections.setLimits(tenantLimits(this.#options.limits, tier));
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
      open: total((entry) => entry.connections.open) + this.#opening(),
      idle: total((entry) => entry.connections.idle),
      waitingForBudget: this.budget.waiting,
      waitingForConnection: total((entry) => entry.connections.waiting),
      tenants: this.#entries.size,
      leases: total((entry) => entry.leases.size),
      oldestLeaseMs: this.#oldestLeaseMs(),
    };
  }

  /** Connections of tenants that are being opened. */
  #opening(): number {
    return this.#opener.openings.values().reduce((sum, { open }) => sum + open, 0);
  }

  #oldestLeaseMs(): number {
    const now = performance.now();
    return this.#entries.values().reduce((oldest, { leases: [first] }) => Math.max(oldest, first ? now - first.grantedAt : 0), 0);
  }
}
