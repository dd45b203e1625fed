import { abandonable, type KeyRing, type Logger } from '@tenantry/service';
import { Registry } from 'prom-client';
import { Cluster } from './cluster.ts';
import type { TenantPlacement } from './directory/placement.ts';
import type { TenantDirectory } from './directory/tenant-directory.ts';
import { assertOneDriver } from './driver.ts';
import { TenantUnavailableError } from './errors.ts';
import { createTenantHandles, type TenantHandles } from './handles/tenant-handles.ts';
import type { HeldLease } from './held-lease.ts';
import type { LeaseOptions, TenantLease, TenantPool } from './lease.ts';
import { defaultLimits, type PoolLimits } from './limits.ts';
import { leaseOutcome, PoolMetrics } from './metrics.ts';
import { OpenTenants } from './open-tenants.ts';
import { assertIsolation } from './self-test.ts';

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
  readonly #tenants: OpenTenants;
  readonly #changes: Disposable;
  readonly #sweeper: NodeJS.Timeout;
  #stopped: Promise<void> | undefined;

  constructor(options: TenantPoolOptions, limits: PoolLimits, handles: TenantHandles) {
    const { directory, logger, metrics = new Registry() } = options;
    this.#options = options;
    this.#limits = limits;
    this.#handles = handles;
    this.#metrics = new PoolMetrics(metrics, () => [...this.#clusters.values()].map((cluster) => cluster.usage()));
    this.#tenants = new OpenTenants({
      directory,
      logger,
      clusterOf: (placement) => this.#clusterOf(placement),
      drainDeadlineMs: limits.drainDeadlineMs,
      onEviction: (reason) => this.#metrics.evictions.inc({ reason }),
    });
    this.#changes = directory.onChange((tenantId) => this.#tenants.reconsider(tenantId));
    this.#sweeper = setInterval(() => this.#tenants.sweep(limits.idleTenantMs), sweepIntervalMs).unref();
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
    await this.#tenants.evict(tenantId.toLowerCase(), reason);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await (this.#stopped ??= this.#stop());
  }

  async #acquire(tenantId: string, operation: string, signal: AbortSignal | undefined): Promise<HeldLease> {
    for (;;) {
      const entry = await abandonable(this.#tenants.entryFor(tenantId), signal);
      // Null when the entry began to close between the two lines.
      const lease = entry.grant(operation);
      if (lease) return lease;
    }
  }

  #clusterOf({ cluster: name }: TenantPlacement): Cluster {
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
      onConnectionFailure: (entry, failure) => {
        this.#metrics.connectionFailures.inc({ failure });
        if (failure === 'authentication') void this.#tenants.refetch(entry);
      },
      evict: async (entry) => await this.#tenants.close(entry, 'capacity', null),
    });
    this.#clusters.set(name, cluster);
    return cluster;
  }

  async #stop(): Promise<void> {
    clearInterval(this.#sweeper);
    this.#changes[Symbol.dispose]();
    const closed = this.#tenants.stop();
    for (const { budget } of this.#clusters.values()) budget.refuseAll(new TenantUnavailableError('This process is stopping.'));
    await closed;
    await this.#handles[Symbol.asyncDispose]();
  }
}
