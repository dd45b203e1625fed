import type { Logger, TenantryError } from '@tenantry/service';
import type { TenantBreakers } from '../breaker/tenant-breakers.ts';
import { connectionFailure } from '../connections/connection-failure.ts';
import type { TenantPlacement } from '../directory/placement.ts';
import type { TenantDirectory } from '../directory/tenant-directory.ts';
import { LeaseRevokedError, TenantNotFoundError, TenantUnavailableError } from '../errors.ts';
import type { PoolEvents } from '../pool-events.ts';
import type { Cluster } from './cluster.ts';
import type { HeldLease } from './held-lease.ts';
import { refusalOf } from './serving.ts';
import type { EvictionReason, TenantEntry } from './tenant-entry.ts';

export interface OpenTenantsOptions {
  directory: TenantDirectory;
  logger: Logger;
  breakers: TenantBreakers;
  clusterOf: (placement: TenantPlacement) => Cluster;
  /** Called before the first lease of an entry is granted. @throws when the entry must not be served */
  admit: (entry: TenantEntry) => Promise<void>;
  /** Milliseconds that work in flight gets to end when an entry is closed. */
  drainDeadlineMs: number;
  events: Pick<PoolEvents, 'onEviction'>;
}

/** The tenants that this process has connections to: opened when first wanted, closed when they are elsewhere or served no more. */
export class OpenTenants {
  readonly #options: OpenTenantsOptions;
  /** The open entry of each tenant; one that is closing is no longer here. */
  readonly #entries = new Map<string, TenantEntry>();
  readonly #openings = new Map<string, Promise<TenantEntry>>();
  readonly #closings = new Set<Promise<void>>();
  /** Entries whose placement may have changed and could not be read. */
  readonly #doubtful = new Set<TenantEntry>();
  #isStopping = false;

  constructor(options: OpenTenantsOptions) {
    this.#options = options;
  }

  /** The entry to lease from; opened, once for all who ask meanwhile, if it is not open. */
  async entryFor(tenantId: string): Promise<TenantEntry> {
    const placement = await this.#servedPlacement(tenantId);
    const entry = this.#entries.get(placement.tenantId);
    if (entry) {
      const difference = entry.differenceTo(placement);
      if (!difference) return entry;
      void this.#closeOutdated(entry, difference);
    }
    return await this.#openOnce(placement.tenantId);
  }

  async evict(tenantId: string, reason: string): Promise<void> {
    await this.#openings.get(tenantId)?.catch(() => {});
    const entry = this.#entries.get(tenantId);
    if (entry) await this.close(entry, 'requested', new LeaseRevokedError(`Tenant ${tenantId} was evicted: ${reason}.`));
  }

  /**
   * Closes an entry after its work in flight. Never rejects.
   *
   * @param revokeWith what its leases throw from now on; null lets them be returned until the deadline
   */
  async close(entry: TenantEntry, reason: EvictionReason, revokeWith: TenantryError | null): Promise<void> {
    const { drainDeadlineMs, events, logger, clusterOf } = this.#options;
    if (entry.phase === 'open') {
      events.onEviction(reason);
      logger.debug({ tenantId: entry.tenantId, reason }, 'closing the connections of a tenant');
    }
    if (this.#entries.get(entry.tenantId) === entry) this.#entries.delete(entry.tenantId);
    this.#doubtful.delete(entry);
    const closing = entry.close({ reason, revokeWith, deadlineMs: drainDeadlineMs });
    this.#closings.add(closing);
    await closing;
    this.#closings.delete(closing);
    clusterOf(entry.placement).delete(entry);
  }

  /** Closes all that is open; leases throw `error` from now on. */
  closeAll(reason: EvictionReason, error: TenantryError): void {
    for (const entry of this.#entries.values()) void this.close(entry, reason, error);
  }

  /** Looks again where a tenant is, or where all are, and closes what has become outdated. */
  reconsider(tenantId: string | null): void {
    if (tenantId !== null) this.#options.breakers.forget(tenantId);
    const entries = tenantId === null ? [...this.#entries.values()] : [this.#entries.get(tenantId)];
    for (const entry of entries) if (entry) void this.#verify(entry);
  }

  /** Has the credentials of an entry read anew, because its database refused them. */
  async refetch(entry: TenantEntry): Promise<void> {
    await this.#options.directory.invalidate(entry.tenantId);
    await this.#verify(entry);
  }

  /** All leases that are held. */
  *leases(): IterableIterator<HeldLease> {
    for (const { leases } of this.#entries.values()) yield* leases;
  }

  /** Closes entries idle for longer than `idleMs`, and looks again at those whose placement could not be read. */
  sweep(idleMs: number): void {
    for (const entry of this.#doubtful) void this.#verify(entry);
    const longAgo = performance.now() - idleMs;
    for (const entry of this.#entries.values()) {
      if (entry.idleSince !== null && entry.idleSince < longAgo) void this.close(entry, 'idle', null);
    }
  }

  /** Opens nothing from now on, and ends when all is closed. Leases get the drain's deadline to be returned. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    await Promise.allSettled(this.#openings.values());
    for (const entry of this.#entries.values()) void this.close(entry, 'shutdown', null);
    await Promise.all(this.#closings);
  }

  /** @throws by the tenant's status, or because the process is stopping */
  async #servedPlacement(tenantId: string): Promise<TenantPlacement> {
    const placement = await this.#options.directory.lookup(tenantId);
    if (this.#isStopping) throw new TenantUnavailableError('This process is stopping.');
    const refusal = refusalOf(placement);
    if (refusal) throw refusal;
    return placement;
  }

  #openOnce(tenantId: string): Promise<TenantEntry> {
    const current = this.#openings.get(tenantId);
    if (current) return current;
    const opening = this.#open(tenantId).finally(() => this.#openings.delete(tenantId));
    this.#openings.set(tenantId, opening);
    return opening;
  }

  /** An authentication failure has the credentials read anew, once. */
  async #open(tenantId: string): Promise<TenantEntry> {
    const placement = await this.#servedPlacement(tenantId);
    try {
      return await this.#openAt(placement);
    } catch (error) {
      if (!(error instanceof TenantUnavailableError) || connectionFailure(error.cause) !== 'authentication') throw error;
      await this.#options.directory.invalidate(tenantId);
      const current = await this.#servedPlacement(tenantId);
      if (current.credentialVersion === placement.credentialVersion) throw error;
      this.#options.breakers.forget(current.tenantId);
      return await this.#openAt(current);
    }
  }

  async #openAt(placement: TenantPlacement): Promise<TenantEntry> {
    const entry = await this.#options.clusterOf(placement).open(placement);
    await this.#admit(entry);
    this.#entries.set(entry.tenantId, entry);
    // A change that came while it was being opened was not this entry's to hear.
    await this.#verify(entry);
    if (entry.phase !== 'open') return await this.#openAt(await this.#servedPlacement(placement.tenantId));
    // Whoever waited for the entry takes a lease in the microtasks of this turn; only then may it count as idle.
    setImmediate(() => entry.settle());
    return entry;
  }

  async #admit(entry: TenantEntry): Promise<void> {
    try {
      await this.#options.admit(entry);
    } catch (error) {
      await this.close(entry, 'isolation', null);
      throw error;
    }
  }

  /** Closes the entry if its tenant is no longer to be reached, or not there. Never rejects. */
  async #verify(entry: TenantEntry): Promise<void> {
    try {
      const placement = await this.#options.directory.lookup(entry.tenantId);
      const refusal = refusalOf(placement);
      const difference = entry.differenceTo(placement);
      if (refusal) void this.close(entry, 'status', refusal);
      else if (difference) void this.#closeOutdated(entry, difference);
      else this.#keep(entry, placement);
    } catch (error) {
      if (error instanceof TenantNotFoundError) return void this.close(entry, 'status', error);
      if (entry.phase === 'open') this.#doubtful.add(entry);
      this.#options.logger.warn({ err: error, tenantId: entry.tenantId }, 'could not read where a tenant is now');
    }
  }

  #keep(entry: TenantEntry, placement: TenantPlacement): void {
    this.#doubtful.delete(entry);
    this.#options.clusterOf(placement).setTier(entry, placement);
  }

  async #closeOutdated(entry: TenantEntry, reason: 'rotated' | 'moved'): Promise<void> {
    this.#options.breakers.forget(entry.tenantId);
    await this.close(entry, reason, new LeaseRevokedError(`Tenant ${entry.tenantId} was ${reason}; try again.`));
  }
}
