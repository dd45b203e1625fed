import type { KeyRing, Logger, TenantryError } from '@tenantry/service';
import { Registry } from 'prom-client';
import { abandonable } from './abandonable.ts';
import { Cluster } from './cluster.ts';
import { connectionFailure, type ConnectionFailure } from './connection-failure.ts';
import { assertOneDriver } from './connections.ts';
import type { TenantPlacement } from './directory/placement.ts';
import type { TenantDirectory } from './directory/tenant-directory.ts';
import { LeaseRevokedError, TenantNotFoundError, TenantUnavailableError } from './errors.ts';
import { createTenantHandles, type TenantHandles } from './handles/tenant-handles.ts';
import type { HeldLease } from './held-lease.ts';
import type { LeaseOptions, TenantLease, TenantPool } from './lease.ts';
import { defaultLimits, type PoolLimits } from './limits.ts';
import { leaseOutcome, PoolMetrics } from './metrics.ts';
import { assertIsolation } from './self-test.ts';
import { refusalOf } from './serving.ts';
import type { EvictionReason, TenantEntry } from './tenant-entry.ts';

export interface TenantPoolOptions {
  /** Stays the caller's to dispose of, after the pool. */
  directory: TenantDirectory;
  /** Opens the tenants' sealed passwords. */
  keyRing: KeyRing;
  /** Name of the service; its connections bear it as `application_name=tenantry:<service>`. */
  service: string;
  logger: Logger;
  /** Where the pool's metrics are registered. Default: nowhere. */
  metrics?: Registry;
  limits?: Partial<PoolLimits>;
  /** Told of every SQL statement after it ran, for counting and timing. Must not throw. */
  onStatement?: (tenantId: string, sql: string, durationMs: number) => void;
}

/** Milliseconds between looks for tenants that have been idle too long. */
const sweepIntervalMs = 1000;

/** Milliseconds added to the wait for a connection, so that it is `pg.Pool` that gives up first and says why. */
const transactionWaitMarginMs = 1000;

/**
 * Opens the pool of this process; there is one Prisma client behind it, so there shall be one pool.
 *
 * @throws {IsolationError} when handles of two tenants are not kept apart: the process must not serve
 * @throws {DuplicateDriverError} when two copies of `pg` are loaded
 */
export async function createTenantPool(options: TenantPoolOptions): Promise<TenantPool> {
  const limits = { ...defaultLimits, ...options.limits };
  await assertOneDriver();
  const handles = createTenantHandles({ transactionWaitMs: limits.connectionDeadlineMs + transactionWaitMarginMs });
  try {
    await assertIsolation(handles.handleFor);
  } catch (error) {
    await handles[Symbol.asyncDispose]();
    throw error;
  }
  return new ClusteredTenantPool(options, limits, handles);
}

class ClusteredTenantPool implements TenantPool {
  readonly #options: TenantPoolOptions;
  readonly #limits: PoolLimits;
  readonly #handles: TenantHandles;
  readonly #metrics: PoolMetrics;
  readonly #clusters = new Map<string, Cluster>();
  /** The open entry of each tenant; one that is closing is no longer here. */
  readonly #entries = new Map<string, TenantEntry>();
  readonly #openings = new Map<string, Promise<TenantEntry>>();
  readonly #closings = new Set<Promise<void>>();
  /** Entries whose placement may have changed and could not be read. */
  readonly #doubtful = new Set<TenantEntry>();
  readonly #changes: Disposable;
  readonly #sweeper: NodeJS.Timeout;
  #stopped: Promise<void> | undefined;

  constructor(options: TenantPoolOptions, limits: PoolLimits, handles: TenantHandles) {
    this.#options = options;
    this.#limits = limits;
    this.#handles = handles;
    this.#metrics = new PoolMetrics(options.metrics ?? new Registry(), () =>
      [...this.#clusters.values()].map((cluster) => cluster.usage()),
    );
    this.#changes = options.directory.onChange((tenantId) => this.#onChange(tenantId));
    this.#sweeper = setInterval(() => this.#sweep(), sweepIntervalMs).unref();
  }

  async lease(tenantId: string, { operation, signal }: LeaseOptions): Promise<TenantLease> {
    const start = performance.now();
    try {
      const lease = await this.#acquire(tenantId, operation, signal);
      this.#metrics.leases.inc({ outcome: 'granted' });
      this.#metrics.leaseWait.observe((performance.now() - start) / 1000);
      return lease;
    } catch (error) {
      this.#metrics.leases.inc({ outcome: leaseOutcome(error) });
      throw error;
    }
  }

  async evict(tenantId: string, reason: string): Promise<void> {
    const id = tenantId.toLowerCase();
    await this.#openings.get(id)?.catch(() => {});
    const entry = this.#entries.get(id);
    if (entry) await this.#retire(entry, 'requested', new LeaseRevokedError(`Tenant ${id} was evicted: ${reason}.`));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await (this.#stopped ??= this.#stop());
  }

  async #acquire(tenantId: string, operation: string, signal: AbortSignal | undefined): Promise<HeldLease> {
    for (;;) {
      const entry = await abandonable(this.#entryFor(tenantId), signal);
      // Null when the entry was retired between the two lines.
      const lease = entry.grant(operation);
      if (lease) return lease;
    }
  }

  async #entryFor(tenantId: string): Promise<TenantEntry> {
    const placement = await this.#servedPlacement(tenantId);
    const entry = this.#entries.get(placement.tenantId);
    if (entry) {
      const difference = entry.differenceTo(placement);
      if (!difference) return entry;
      void this.#retireOutdated(entry, difference);
    }
    return await this.#openOnce(placement.tenantId);
  }

  /** @throws by the tenant's status, or because the pool is stopping */
  async #servedPlacement(tenantId: string): Promise<TenantPlacement> {
    const placement = await this.#options.directory.lookup(tenantId);
    if (this.#stopped) throw new TenantUnavailableError('This process is stopping.');
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
      return await this.#openAt(current);
    }
  }

  async #openAt(placement: TenantPlacement): Promise<TenantEntry> {
    const entry = await this.#cluster(placement.cluster).open(placement);
    this.#entries.set(entry.tenantId, entry);
    // The change of a placement meanwhile was not this entry's to hear.
    await this.#verify(entry);
    if (entry.phase !== 'open') return await this.#openAt(await this.#servedPlacement(placement.tenantId));
    // Whoever waited for the entry takes a lease in the microtasks of this turn; only then may it count as idle.
    setImmediate(() => entry.settle());
    return entry;
  }

  #cluster(name: string): Cluster {
    const known = this.#clusters.get(name);
    if (known) return known;
    const { service, keyRing, logger, onStatement } = this.#options;
    const cluster = new Cluster({
      name,
      service,
      keyRing,
      logger,
      limits: this.#limits,
      handles: this.#handles,
      onStatement: (tenantId, sql, durationMs) => {
        this.#metrics.statements.observe(durationMs / 1000);
        onStatement?.(tenantId, sql, durationMs);
      },
      onColdStart: (durationMs) => this.#metrics.coldStart.observe(durationMs / 1000),
      onConnectionFailure: (entry, failure) => this.#onConnectionFailure(entry, failure),
      evict: async (entry) => await this.#retire(entry, 'capacity', null),
    });
    this.#clusters.set(name, cluster);
    return cluster;
  }

  async #retire(entry: TenantEntry, reason: EvictionReason, revokeWith: TenantryError | null): Promise<void> {
    if (entry.phase === 'open') {
      this.#metrics.evictions.inc({ reason });
      this.#options.logger.debug({ tenantId: entry.tenantId, reason }, 'closing the connections of a tenant');
    }
    if (this.#entries.get(entry.tenantId) === entry) this.#entries.delete(entry.tenantId);
    this.#doubtful.delete(entry);
    const closing = entry.close({ reason, revokeWith, deadlineMs: this.#limits.drainDeadlineMs });
    this.#closings.add(closing);
    await closing;
    this.#closings.delete(closing);
    this.#clusters.get(entry.placement.cluster)?.delete(entry);
  }

  async #retireOutdated(entry: TenantEntry, reason: 'rotated' | 'moved'): Promise<void> {
    await this.#retire(entry, reason, new LeaseRevokedError(`Tenant ${entry.tenantId} was ${reason}; try again.`));
  }

  #onChange(tenantId: string | null): void {
    const entries = tenantId === null ? [...this.#entries.values()] : [this.#entries.get(tenantId)];
    for (const entry of entries) if (entry) void this.#verify(entry);
  }

  /** Retires the entry if its tenant is no longer to be reached, or not there. Never rejects. */
  async #verify(entry: TenantEntry): Promise<void> {
    try {
      const placement = await this.#options.directory.lookup(entry.tenantId);
      const refusal = refusalOf(placement);
      const difference = entry.differenceTo(placement);
      if (refusal) void this.#retire(entry, 'status', refusal);
      else if (difference) void this.#retireOutdated(entry, difference);
      else this.#doubtful.delete(entry);
    } catch (error) {
      if (error instanceof TenantNotFoundError) return void this.#retire(entry, 'status', error);
      this.#doubtful.add(entry);
      this.#options.logger.warn({ err: error, tenantId: entry.tenantId }, 'could not read where a tenant is now');
    }
  }

  #onConnectionFailure(entry: TenantEntry, failure: ConnectionFailure): void {
    this.#metrics.connectionFailures.inc({ failure });
    if (failure === 'authentication') void this.#refetch(entry);
  }

  async #refetch(entry: TenantEntry): Promise<void> {
    await this.#options.directory.invalidate(entry.tenantId);
    await this.#verify(entry);
  }

  #sweep(): void {
    for (const entry of this.#doubtful) void this.#verify(entry);
    const longAgo = performance.now() - this.#limits.idleTenantMs;
    for (const entry of this.#entries.values()) {
      if (entry.idleSince !== null && entry.idleSince < longAgo) void this.#retire(entry, 'idle', null);
    }
  }

  async #stop(): Promise<void> {
    clearInterval(this.#sweeper);
    this.#changes[Symbol.dispose]();
    for (const { budget } of this.#clusters.values()) budget.refuseAll(new TenantUnavailableError('This process is stopping.'));
    await Promise.allSettled(this.#openings.values());
    for (const entry of this.#entries.values()) void this.#retire(entry, 'shutdown', null);
    await Promise.all(this.#closings);
    await this.#handles[Symbol.asyncDispose]();
  }
}
