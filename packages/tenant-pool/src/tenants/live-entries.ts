import type { Logger, TenantryError } from '@tenantry/service';
import type { PoolEvents } from '../pool-events.ts';
import type { HeldLease } from './held-lease.ts';
import type { EvictionReason, TenantEntry } from './tenant-entry.ts';

export interface LiveEntriesOptions {
  logger: Logger;
  /** Milliseconds that work in flight gets to end when an entry is closed. */
  drainDeadlineMs: number;
  events: Pick<PoolEvents, 'onEviction'>;
  /** Told of each entry that has no connection left. */
  onClosed: (entry: TenantEntry) => void;
}

/** The entries of this process: of each tenant the open one, and those that are closing, which may still have leases to be taken away. */
export class LiveEntries {
  readonly #options: LiveEntriesOptions;
  readonly #open = new Map<string, TenantEntry>();
  readonly #closing = new Map<TenantEntry, Promise<void>>();

  constructor(options: LiveEntriesOptions) {
    this.#options = options;
  }

  add(entry: TenantEntry): void {
    this.#open.set(entry.tenantId, entry);
  }

  /** The entry that is open. */
  get(tenantId: string): TenantEntry | undefined {
    return this.#open.get(tenantId);
  }

  all(): TenantEntry[] {
    return [...this.#open.values(), ...this.#closing.keys()];
  }

  of(tenantId: string): TenantEntry[] {
    const closing = [...this.#closing.keys()].filter((entry) => entry.tenantId === tenantId);
    const open = this.#open.get(tenantId);
    return open ? [open, ...closing] : closing;
  }

  /** All leases that are held of tenants that are open. */
  *leases(): IterableIterator<HeldLease> {
    for (const { leases } of this.#open.values()) yield* leases;
  }

  /**
   * Closes an entry after its work in flight; one that is closing goes on with that. Never rejects.
   *
   * @param revokeWith what its leases throw from now on; null lets them be returned until the deadline
   */
  async close(entry: TenantEntry, reason: EvictionReason, revokeWith: TenantryError | null): Promise<void> {
    if (entry.phase === 'open') this.#closing.set(entry, this.#drain(entry, reason, revokeWith));
    else if (revokeWith) entry.revoke(revokeWith);
    await this.#closing.get(entry);
  }

  /** Closes what there is of a tenant. @param revokeWith as of {@link close} */
  async closeTenant(tenantId: string, reason: EvictionReason, revokeWith: TenantryError | null): Promise<void> {
    await Promise.all(this.of(tenantId).map(async (entry) => await this.close(entry, reason, revokeWith)));
  }

  /** @param revokeWith as of {@link close} */
  async closeAll(reason: EvictionReason, revokeWith: TenantryError | null): Promise<void> {
    await Promise.all(this.all().map(async (entry) => await this.close(entry, reason, revokeWith)));
  }

  /** Closes entries idle for longer than `idleMs`. */
  closeIdle(idleMs: number): void {
    const longAgo = performance.now() - idleMs;
    for (const entry of this.#open.values()) {
      if (entry.idleSince !== null && entry.idleSince < longAgo) void this.close(entry, 'idle', null);
    }
  }

  async #drain(entry: TenantEntry, reason: EvictionReason, revokeWith: TenantryError | null): Promise<void> {
    const { drainDeadlineMs, events, logger, onClosed } = this.#options;
    const { tenantId } = entry;
    events.onEviction(reason);
    logger.debug({ tenantId, reason }, 'closing the connections of a tenant');
    if (this.#open.get(tenantId) === entry) this.#open.delete(tenantId);
    await entry
      .close({ reason, revokeWith, deadlineMs: drainDeadlineMs })
      .catch((err: unknown) => logger.error({ err, tenantId }, 'could not dispose of the client of a tenant'));
    this.#closing.delete(entry);
    onClosed(entry);
  }
}
