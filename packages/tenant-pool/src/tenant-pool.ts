import type { LookupFunction } from 'node:net';
import { abandonable, type KeyRing, type Logger } from '@tenantry/service';
import { Registry } from 'prom-client';
import type { BreakerOptions } from './breaker/breaker-options.ts';
import { TenantBreakers } from './breaker/tenant-breakers.ts';
import { Clusters } from './clusters.ts';
import type { TenantDirectory } from './directory/tenant-directory.ts';
import { assertOneDriver } from './driver.ts';
import { TenantUnavailableError, type IsolationError } from './errors.ts';
import type { TenantClientModule } from './handles/client-module.ts';
import { createTenantClients, type ClientStrategy, type TenantClients } from './handles/tenant-clients.ts';
import type { HeldLease } from './held-lease.ts';
import type { LeaseOptions, TenantLease, TenantPool } from './lease.ts';
import { LeaseWatch } from './lease-watch.ts';
import { defaultLimits, type PoolLimits } from './limits.ts';
import { leaseOutcome } from './metrics/lease-outcome.ts';
import { PoolMetrics } from './metrics/pool-metrics.ts';
import { OpenTenants } from './open-tenants.ts';
import { recordedEvents } from './pool-events.ts';
import { assertIsolation } from './self-test/assert-isolation.ts';
import type { ServedTenant } from './self-test/assert-isolation-between.ts';
import { IsolationProof } from './self-test/isolation-proof.ts';
import { sharedLookup } from './shared-lookup.ts';
import type { ShareRegister } from './shares/share-register.ts';
import type { TenantEntry } from './tenant-entry.ts';

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
  /** When a tenant's database counts as failing, and how it is tried again. */
  breaker?: Partial<BreakerOptions>;
  /** Divides each cluster's connections between processes. Stays the caller's to dispose of, after the pool. Default: this process has all. */
  shares?: ShareRegister;
  /** The generated client behind every tenant's handle. Default: `@tenantry/prisma/tenant`. */
  client?: TenantClientModule;
  /** Whether tenants share one Prisma client, or each has its own. Default `shared-client`. */
  strategy?: ClientStrategy;
  /** Finds the address of a cluster's host by its name. Default: as the system does. */
  lookup?: LookupFunction;
  /** Told of every SQL statement after it ran, for counting and timing. Must not throw. */
  onStatement?: (tenantId: string, sql: string, durationMs: number) => void;
}

/** Milliseconds between looks for tenants that have been idle too long, and for leases that nobody returned. */
const sweepIntervalMs = 1000;

/** Tenants that are tried at start, to find two whose databases answer. */
const selfTestCandidates = 3;

/** Milliseconds added to the wait for a connection, so that it is the pool that gives up before Prisma does, and says why. */
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
  const clients = createTenantClients({
    transactionWaitMs: limits.acquireDeadlineMs + limits.connectionDeadlineMs + transactionWaitMarginMs,
    ...(options.client && { client: options.client }),
    ...(options.strategy && { strategy: options.strategy }),
  });
  try {
    await assertIsolation(clients);
  } catch (error) {
    await clients[Symbol.asyncDispose]();
    throw error;
  }
  const pool = new ClusteredTenantPool(options, limits, clients);
  try {
    await pool.proveIsolation();
    return pool;
  } catch (error) {
    await pool[Symbol.asyncDispose]();
    throw error;
  }
}

class ClusteredTenantPool implements TenantPool {
  readonly #directory: TenantDirectory;
  readonly #logger: Logger;
  readonly #proof: IsolationProof;
  readonly #clients: TenantClients;
  readonly #metrics: PoolMetrics;
  readonly #clusters: Clusters;
  readonly #tenants: OpenTenants;
  readonly #changes: Disposable;
  readonly #sweeper: NodeJS.Timeout;
  #stopped: Promise<void> | undefined;

  constructor(options: TenantPoolOptions, limits: PoolLimits, clients: TenantClients) {
    const {
      directory,
      service,
      keyRing,
      logger,
      metrics: registry = new Registry(),
      shares = null,
      breaker,
      lookup,
      onStatement,
    } = options;
    this.#directory = directory;
    this.#logger = logger;
    this.#clients = clients;
    this.#metrics = new PoolMetrics(registry, () => this.#clusters.usage(), { breakers: () => breakers.usage() });
    const events = recordedEvents(this.#metrics, logger, onStatement);
    const breakers = new TenantBreakers({ ...(breaker && { breaker }), onChange: events.onBreakerChange });
    this.#clusters = new Clusters({
      service,
      keyRing,
      logger,
      limits,
      lookup: sharedLookup(lookup),
      clients,
      breakers,
      shares,
      events,
      evict: (entry) => void this.#tenants.close(entry, 'capacity', null),
      refetch: (entry) => void this.#tenants.refetch(entry),
    });
    this.#proof = new IsolationProof({ clients, logger, onRefuted: (error) => this.#refuseAll(error) });
    this.#tenants = new OpenTenants({
      directory,
      logger,
      breakers,
      events,
      clusterOf: (placement) => this.#clusters.of(placement),
      admit: async (entry) => await this.#proof.admit(servedTenant(entry)),
      drainDeadlineMs: limits.drainDeadlineMs,
    });
    const watch = new LeaseWatch({ limits, logger, events });
    this.#changes = directory.onChange((tenantId) => this.#tenants.reconsider(tenantId));
    this.#sweeper = setInterval(() => {
      watch.inspect(this.#tenants.leases());
      this.#tenants.sweep(limits.idleTenantMs);
    }, sweepIntervalMs).unref();
  }

  /** @throws {IsolationError} when two tenants are found not to be kept apart */
  async proveIsolation(): Promise<void> {
    await this.#proof.atStart(await this.#servedTenants(), async (tenantId) => await this.#tenants.entryFor(tenantId));
  }

  async lease(tenantId: string, options: LeaseOptions): Promise<TenantLease> {
    const start = performance.now();
    try {
      const lease = await this.#acquire(tenantId, options);
      this.#metrics.observeLease(lease.tenantId, 'granted');
      this.#metrics.leaseWait.observe((performance.now() - start) / 1000);
      return lease;
    } catch (error) {
      this.#metrics.observeLease(tenantId.toLowerCase(), leaseOutcome(error));
      throw error;
    }
  }

  async evict(tenantId: string, reason: string): Promise<void> {
    await this.#tenants.evict(tenantId.toLowerCase(), reason);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await (this.#stopped ??= this.#stop());
  }

  async #acquire(tenantId: string, { operation, signal, holdMs }: LeaseOptions): Promise<HeldLease> {
    for (;;) {
      this.#proof.assertNotRefuted();
      const entry = await abandonable(this.#tenants.entryFor(tenantId), signal);
      // Null when the entry began to close between the two lines.
      const lease = entry.grant(operation, holdMs);
      if (lease) return lease;
    }
  }

  async #servedTenants(): Promise<string[]> {
    try {
      return await this.#directory.findServed(selfTestCandidates);
    } catch (err) {
      this.#logger.warn({ err }, 'the self-test has to wait until two tenants are wanted');
      return [];
    }
  }

  #refuseAll(cause: IsolationError): void {
    this.#tenants.closeAll('isolation', new TenantUnavailableError('This process serves no longer.', { cause }));
  }

  async #stop(): Promise<void> {
    clearInterval(this.#sweeper);
    this.#changes[Symbol.dispose]();
    const closed = this.#tenants.stop();
    this.#clusters.refuseAll(new TenantUnavailableError('This process is stopping.'));
    await closed;
    await this.#clusters.leave();
    await this.#clients[Symbol.asyncDispose]();
  }
}

function servedTenant(entry: TenantEntry): ServedTenant {
  const { tenantId, adapter, placement } = entry;
  return { tenantId, adapter, database: placement.database, hold: () => entry.grant('self-test') };
}
