import { TenantryError, type Logger } from '@tenantry/service';
import type { TenantBreakers } from '../breaker/tenant-breakers.ts';
import { connectionFailure } from '../connections/connection-failure.ts';
import type { TenantPlacement } from '../directory/placement.ts';
import type { TenantDirectory } from '../directory/tenant-directory.ts';
import { LeaseRevokedError, TenantMigratingError, TenantUnavailableError } from '../errors.ts';
import type { PoolEvents } from '../pool-events.ts';
import type { Cluster } from './cluster.ts';
import type { HeldLease } from './held-lease.ts';
import { LiveEntries } from './live-entries.ts';
import { PlacementChecks } from './placement-checks.ts';
import { standingOf } from './serving.ts';
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
  readonly #entries: LiveEntries;
  readonly #openings = new Map<string, Promise<TenantEntry>>();
  readonly #checks: PlacementChecks<TenantEntry>;
  #isStopping = false;

  constructor(options: OpenTenantsOptions) {
    this.#options = options;
    const { logger, drainDeadlineMs, events, clusterOf } = options;
    this.#entries = new LiveEntries({ logger, drainDeadlineMs, events, onClosed: (entry) => clusterOf(entry.placement).delete(entry) });
    this.#checks = new PlacementChecks({ check: async (entry) => await this.#verify(entry), logger });
  }

  /**
   * The entry to lease from; opened, once for all who ask meanwhile, if it is not open.
   *
   * @throws by the tenant's status, or because the process is stopping
   */
  async entryFor(tenantId: string): Promise<TenantEntry> {
    const placement = await this.#servedPlacement(tenantId);
    const entry = this.#entries.get(placement.tenantId);
    if (entry) {
      const difference = entry.differenceTo(placement);
      if (!difference) return entry;
      this.#closeOutdated(entry, difference);
    }
    return await this.#openOnce(placement);
  }

  /** Closes what there is of the tenant, and what is being opened as soon as it is open. */
  async evict(tenantId: string, reason: string): Promise<void> {
    const close = async () =>
      await this.#entries.closeTenant(tenantId, 'requested', new LeaseRevokedError(`Tenant ${tenantId} was evicted: ${reason}.`));
    const closed = close();
    await this.#openings.get(tenantId)?.catch(() => {});
    await Promise.all([closed, close()]);
  }

  /** @see LiveEntries.close */
  async close(entry: TenantEntry, reason: EvictionReason, revokeWith: TenantryError | null): Promise<void> {
    await this.#entries.close(entry, reason, revokeWith);
  }

  /** Closes all that there is; leases throw `error` from now on. */
  closeAll(reason: EvictionReason, error: TenantryError): void {
    void this.#entries.closeAll(reason, error);
  }

  /** Looks again where a tenant is, or where all are, and closes what has become outdated. */
  reconsider(tenantId: string | null): void {
    if (tenantId === null) {
      this.#checks.doubt(this.#entries.all());
      void this.#checks.settle();
    } else {
      this.#options.breakers.forget(tenantId);
      for (const entry of this.#entries.of(tenantId)) void this.#checks.check(entry);
    }
  }

  /** Has the credentials of an entry read anew, because its database refused them. */
  async refetch(entry: TenantEntry): Promise<void> {
    await this.#options.directory.invalidate(entry.tenantId);
    await this.#checks.check(entry);
  }

  /** All leases that are held of tenants that are open. */
  leases(): Iterable<HeldLease> {
    return this.#entries.leases();
  }

  /** Closes entries idle for longer than `idleMs`, and looks again at those whose placement could not be read. */
  sweep(idleMs: number): void {
    void this.#checks.settle();
    this.#entries.closeIdle(idleMs);
  }

  /** Opens nothing from now on, and ends when all is closed. Leases get the drain's deadline to be returned. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    const closed = this.#entries.closeAll('shutdown', null);
    await Promise.allSettled(this.#openings.values());
    await Promise.all([closed, this.#entries.closeAll('shutdown', null)]);
  }

  /** @throws by the tenant's status, or because the process is stopping */
  async #servedPlacement(tenantId: string): Promise<TenantPlacement> {
    const standing = await standingOf(this.#options.directory, tenantId);
    if (standing instanceof TenantryError) {
      // Word of the change may be late, or lost: what is open shall not outlive it.
      void this.#entries.closeTenant(tenantId.toLowerCase(), 'status', revocationBy(standing));
      throw standing;
    }
    this.#assertNotStopping();
    return standing;
  }

  #assertNotStopping(): void {
    if (this.#isStopping) throw new TenantUnavailableError('This process is stopping.');
  }

  #openOnce(placement: TenantPlacement): Promise<TenantEntry> {
    const { tenantId } = placement;
    const current = this.#openings.get(tenantId);
    if (current) return current;
    // No await between the check and the entry in the map: who stops the process waits for what is in there.
    this.#assertNotStopping();
    const opening = this.#open(placement).finally(() => this.#openings.delete(tenantId));
    this.#openings.set(tenantId, opening);
    return opening;
  }

  /** An authentication failure has the credentials read anew, once. */
  async #open(placement: TenantPlacement): Promise<TenantEntry> {
    const { tenantId } = placement;
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
    this.#entries.add(entry);
    // A change that came while it was being opened was not this entry's to hear.
    await this.#checks.check(entry);
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

  /** Closes the entry if its tenant is no longer to be reached, or not there. @throws when that cannot be read */
  async #verify(entry: TenantEntry): Promise<void> {
    const { directory, clusterOf } = this.#options;
    if (entry.phase === 'closed') return;
    const standing = await standingOf(directory, entry.tenantId);
    if (standing instanceof TenantryError) return void this.close(entry, 'status', revocationBy(standing));
    const difference = entry.differenceTo(standing);
    if (difference) this.#closeOutdated(entry, difference);
    else clusterOf(standing).setTier(entry, standing);
  }

  /** Who holds connections under former credentials may return them in time; nobody goes on in a place where the tenant was. */
  #closeOutdated(entry: TenantEntry, reason: 'rotated' | 'moved'): void {
    const { tenantId } = entry;
    if (entry.phase === 'open') this.#options.breakers.forget(tenantId);
    const revokeWith = reason === 'moved' ? new LeaseRevokedError(`Tenant ${tenantId} has moved; try again.`) : null;
    void this.close(entry, reason, revokeWith);
  }
}

/** Who uses a tenant as it begins to move may end what is under way: nobody moves it before that, or the time for it is over. */
function revocationBy(refusal: TenantryError): TenantryError | null {
  return refusal instanceof TenantMigratingError ? null : refusal;
}
