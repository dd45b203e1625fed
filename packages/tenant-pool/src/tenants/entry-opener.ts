import type { SqlDriverAdapter } from '@prisma/driver-adapter-utils';
import { TenantryError, unseal, type KeyRing, type Logger } from '@tenantry/service';
import type { TenantBreakers } from '../breaker/tenant-breakers.ts';
import type { ConnectionBudget } from '../budget/connection-budget.ts';
import { connectionError, connectionFailure } from '../connections/connection-failure.ts';
import { TenantConnections } from '../connections/connections.ts';
import type { Preconnects } from '../connections/preconnects.ts';
import type { TenantPlacement } from '../directory/placement.ts';
import type { TenantClients } from '../handles/tenant-clients.ts';
import { tenantLimits, type PoolLimits } from '../limits.ts';
import type { PoolEvents } from '../pool-events.ts';
import { tenantAdapter } from './tenant-adapter.ts';
import { TenantEntry } from './tenant-entry.ts';
import { TenantGate } from './tenant-gate.ts';

export interface EntryOpenerOptions {
  service: string;
  limits: PoolLimits;
  breakers: TenantBreakers;
  keyRing: KeyRing;
  clients: TenantClients;
  logger: Logger;
  /** Where the sockets of connections come from. */
  preconnects: Preconnects;
  events: PoolEvents;
  /** Closes an idle entry so that another tenant gets its connections. */
  evict: (entry: TenantEntry) => void;
  /** Has the credentials of an entry read anew, because its database refused them. */
  refetch: (entry: TenantEntry) => void;
}

/** Opens tenants of one cluster: puts together all that stands between a lease and the tenant's database. */
export class EntryOpener {
  readonly #options: EntryOpenerOptions;
  readonly #budget: ConnectionBudget;
  readonly #openings = new Set<TenantConnections>();

  constructor(options: EntryOpenerOptions, budget: ConnectionBudget) {
    this.#options = options;
    this.#budget = budget;
  }

  /** Connections of tenants that are being opened. */
  get openings(): ReadonlySet<TenantConnections> {
    return this.#openings;
  }

  /**
   * Opens an entry that is proven to reach its database.
   *
   * @throws {TenantBusyError} when the budget gave no connection within the deadline
   * @throws {TenantUnavailableError} when the database cannot be reached; its `cause` is the driver's error, if the driver was asked
   */
  async open(placement: TenantPlacement): Promise<TenantEntry> {
    let entry: TenantEntry | undefined;
    const connections = this.#connections(placement, () => entry);
    const gate = this.#gate(placement, connections, () => entry);
    this.#openings.add(connections);
    try {
      const [driver] = await Promise.all([connections.adapter(), this.#reach(connections, gate)]);
      entry = this.#entry(placement, connections, gate, driver);
      return entry;
    } catch (cause) {
      await connections.end(0);
      throw cause instanceof TenantryError ? cause : this.#failed(cause);
    } finally {
      this.#openings.delete(connections);
    }
  }

  #failed(cause: unknown): TenantryError {
    const failure = connectionFailure(cause) ?? 'unreachable';
    this.#options.events.onConnectionFailure(failure);
    return connectionError(failure, cause);
  }

  async #reach(connections: TenantConnections, gate: TenantGate): Promise<void> {
    const passage = await gate.enter();
    const start = performance.now();
    try {
      await connections.check();
    } catch (error) {
      passage.leave(error);
      throw error;
    }
    passage.leave();
    this.#options.events.onColdStart(performance.now() - start);
  }

  #connections(placement: TenantPlacement, entry: () => TenantEntry | undefined): TenantConnections {
    const { service, limits, preconnects, keyRing, logger, evict } = this.#options;
    const { tenantId, sealedPassword, tier } = placement;
    return new TenantConnections({
      placement,
      password: () => unseal(sealedPassword, tenantId, keyRing),
      service,
      limits,
      preconnects,
      budget: this.#budget,
      accountLimits: tenantLimits(limits, tier),
      isIdle: () => entry()?.isIdle ?? false,
      evict: () => {
        const idle = entry();
        if (idle) evict(idle);
      },
      onError: (err) => logger.warn({ err, tenantId }, 'an idle connection was lost'),
    });
  }

  #gate({ tenantId }: TenantPlacement, connections: TenantConnections, entry: () => TenantEntry | undefined): TenantGate {
    const { breakers, events } = this.#options;
    const isClosing = () => (entry()?.phase ?? 'open') !== 'open';
    return new TenantGate({ tenantId, breakers, acquire: () => connections.acquire(), isClosing, events });
  }

  #entry(placement: TenantPlacement, connections: TenantConnections, gate: TenantGate, driver: SqlDriverAdapter): TenantEntry {
    const { clients, events, refetch } = this.#options;
    const { tenantId } = placement;
    const adapter = tenantAdapter({
      adapter: driver,
      gate,
      onStatement: (sql, durationMs) => events.onStatement(tenantId, sql, durationMs),
    });
    return new TenantEntry({ placement, connections, adapter, client: clients.open(adapter), events, refetch });
  }
}
