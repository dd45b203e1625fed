import { abandonable, type Logger } from '@tenantry/service';
import { Registry } from 'prom-client';
import { TenantBreakers } from './breaker/tenant-breakers.ts';
import { Preconnects } from './connections/preconnects.ts';
import { sharedLookup } from './connections/shared-lookup.ts';
import type { TenantDirectory } from './directory/tenant-directory.ts';
import { TenantUnavailableError, type IsolationError } from './errors.ts';
import type { TenantClients } from './handles/tenant-clients.ts';
import type { LeaseOptions, TenantLease, TenantPool } from './lease.ts';
import type { PoolLimits } from './limits.ts';
import { leaseOutcome } from './metrics/lease-outcome.ts';
import { PoolMetrics } from './metrics/pool-metrics.ts';
import { recordedEvents } from './pool-events.ts';
import type { ServedTenant } from './self-test/assert-isolation-between.ts';
import { IsolationProof } from './self-test/isolation-proof.ts';
import type { TenantPoolOptions } from './tenant-pool.ts';
import { Clusters } from './tenants/clusters.ts';
import type { HeldLease } from './tenants/held-lease.ts';
import { LeaseWatch } from './tenants/lease-watch.ts';
import { OpenTenants } from './tenants/open-tenants.ts';
import type { TenantEntry } from './tenants/tenant-entry.ts';
import { TransitionWait } from './tenants/transition-wait.ts';

/** Milliseconds between looks for tenants that have been idle too long, and for leases that nobody returned. */
const sweepIntervalMs = 1000;

/** Tenants that are tried at start, to find two whose databases answer. */
const selfTestCandidates = 3;

/** A pool put together: tenants open over clusters, watched over, and proven to be kept apart. */
export class ClusteredTenantPool implements TenantPool {
  readonly #directory: TenantDirectory;
  readonly #logger: Logger;
  readonly #proof: IsolationProof;
  readonly #clients: TenantClients;
  readonly #metrics: PoolMetrics;
  readonly #preconnects: Preconnects;
  readonly #clusters: Clusters;
  readonly #tenants: OpenTenants;
  readonly #transitions: TransitionWait;
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
    this.#preconnects = new Preconnects({ perServer: limits.preconnects, lookup: sharedLookup(lookup) });
    this.#clusters = new Clusters({
      service,
      keyRing,
      logger,
      limits,
      preconnects: this.#preconnects,
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
    this.#transitions = new TransitionWait({ directory, waitMs: limits.waitForTenantMs });
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
      this.#metrics.observeLease(tenantId.toLowerCase(), leaseOutcome(error, options.signal));
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
      const opened = this.#transitions.outlast(tenantId, async () => await this.#tenants.entryFor(tenantId), signal);
      const entry = await abandonable(opened, signal);
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
    const closed = this.#tenants.stop();
    this.#transitions[Symbol.dispose]();
    this.#clusters.refuseOpenings(new TenantUnavailableError('This process is stopping.'));
    await closed;
    // Only now: until then a tenant may still be suspended, and its leases taken away.
    this.#changes[Symbol.dispose]();
    clearInterval(this.#sweeper);
    this.#preconnects[Symbol.dispose]();
    await this.#clusters.leave();
    await this.#clients[Symbol.asyncDispose]();
  }
}

function servedTenant(entry: TenantEntry): ServedTenant {
  const { tenantId, adapter, placement } = entry;
  return { tenantId, adapter, database: placement.database, hold: () => entry.grant('self-test') };
}
