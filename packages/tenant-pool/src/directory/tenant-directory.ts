import { canonicalUuid, type Logger } from '@tenantry/service';
import type { Redis } from 'ioredis';
import { LRUCache } from 'lru-cache';
import { Registry } from 'prom-client';
import { TenantNotFoundError, TenantUnavailableError } from '../errors.ts';
import { DirectoryMetrics } from '../metrics/directory-metrics.ts';
import type { InvalidationBus } from './invalidation-bus.ts';
import type { PlacementSource, TenantPlacement } from './placement.ts';
import { SharedPlacements } from './shared-placements.ts';

export interface TenantDirectoryOptions {
  source: PlacementSource;
  /** Stays the caller's to dispose of, after the directory. */
  bus: InvalidationBus;
  /** Shares placements between processes. Stays the caller's to close. */
  redis?: Redis;
  logger: Logger;
  /** Where the directory's metrics are registered. Default: nowhere. */
  metrics?: Registry;
  /** Milliseconds that this process trusts a placement without having heard of a change. Default 5000. */
  memoryTtlMs?: number;
  /** Milliseconds that Redis keeps a placement. Default 120000. */
  redisTtlMs?: number;
  /** Milliseconds for which a tenant that was not found is taken not to exist. Default 2000. */
  negativeTtlMs?: number;
}

/**
 * Where each tenant is: from memory, else from Redis, else from the source.
 *
 * Guarantee: once a process has heard of a change, {@link lookup} answers nothing that was read from the source before it, and
 * neither its memory nor Redis takes in such an answer. A change that is not heard of, because publishing it failed or the
 * bus's connection was lost, is seen after `memoryTtlMs` at the latest, plus `redisTtlMs` where Redis still holds the old
 * placement. After a reconnect of the bus both are disregarded.
 */
export interface TenantDirectory extends AsyncDisposable {
  /**
   * @throws {TenantNotFoundError} when there is no such tenant
   * @throws {TenantUnavailableError} when the source cannot be read
   */
  lookup(tenantId: string): Promise<TenantPlacement>;
  /**
   * Ids of tenants that are served, at most `limit`; none when the source does not list them.
   *
   * @throws {TenantUnavailableError} when the source cannot be read
   */
  findServed(limit: number): Promise<string[]>;
  /** Has the next lookup read the source: what is known turned out to be wrong. Tells nobody else. */
  invalidate(tenantId: string): Promise<void>;
  /** Has `listener` called after a change: with the tenant's id, or with null when any may have changed. It must not throw. */
  onChange(listener: (tenantId: string | null) => void): Disposable;
}

export function createTenantDirectory(options: TenantDirectoryOptions): TenantDirectory {
  return new CachedTenantDirectory(options);
}

type Answer = { kind: 'found'; placement: TenantPlacement; from: 'redis' | 'source' } | { kind: 'missing'; from: 'source' };

/** A read of Redis and the source that callers share. */
interface Read {
  readonly answer: Promise<Answer>;
  /** Whether the tenant changed since the read began. */
  outdated: boolean;
}

const maxTenantsInMemory = 10_000;
/** Reads in a row that a change may outdate before the caller is told to come back. */
const maxReads = 5;

class CachedTenantDirectory implements TenantDirectory {
  readonly #source: PlacementSource;
  readonly #shared: SharedPlacements | null;
  readonly #memory: LRUCache<string, Answer>;
  readonly #metrics: DirectoryMetrics;
  readonly #negativeTtlMs: number;
  readonly #reads = new Map<string, Read>();
  readonly #listeners = new Set<(tenantId: string | null) => void>();
  readonly #subscription: Disposable;

  constructor(options: TenantDirectoryOptions) {
    const { source, bus, redis, logger, memoryTtlMs = 5000, redisTtlMs = 120_000, negativeTtlMs = 2000 } = options;
    this.#source = source;
    this.#shared = redis ? new SharedPlacements({ redis, ttlMs: redisTtlMs, logger }) : null;
    this.#memory = new LRUCache({ max: maxTenantsInMemory, ttl: memoryTtlMs });
    this.#negativeTtlMs = negativeTtlMs;
    this.#metrics = new DirectoryMetrics(options.metrics ?? new Registry());
    this.#subscription = bus.subscribe((tenantId) => this.#onMessage(tenantId));
  }

  async lookup(tenantId: string): Promise<TenantPlacement> {
    const id = canonicalUuid(tenantId);
    if (!id) {
      this.#metrics.answered('negative');
      throw new TenantNotFoundError(`There is no tenant ${JSON.stringify(tenantId)}: an id is a UUID.`);
    }
    const answer = this.#recall(id) ?? (await this.#readOnce(id));
    if (answer.kind === 'missing') throw new TenantNotFoundError(`There is no tenant ${id}.`);
    return answer.placement;
  }

  async findServed(limit: number): Promise<string[]> {
    try {
      return (await this.#source.findServed?.(limit)) ?? [];
    } catch (cause) {
      throw new TenantUnavailableError('Which tenants are served could not be read.', { cause });
    }
  }

  async invalidate(tenantId: string): Promise<void> {
    const id = tenantId.toLowerCase();
    this.#forget(id);
    await this.#shared?.forget(id);
  }

  onChange(listener: (tenantId: string | null) => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listeners.clear();
    this.#subscription[Symbol.dispose]();
  }

  #onMessage(tenantId: string | null): void {
    this.#metrics.invalidations.inc({ scope: tenantId === null ? 'all' : 'tenant' });
    if (tenantId === null) {
      this.#memory.clear();
      for (const read of this.#reads.values()) read.outdated = true;
      this.#shared?.distrust();
    } else {
      this.#forget(tenantId);
      void this.#shared?.forget(tenantId);
    }
    for (const listener of this.#listeners) listener(tenantId);
  }

  #forget(id: string): void {
    this.#memory.delete(id);
    const read = this.#reads.get(id);
    if (read) read.outdated = true;
  }

  #recall(id: string): Answer | undefined {
    const answer = this.#memory.get(id);
    if (answer) this.#metrics.answered(answer.kind === 'found' ? 'memory' : 'negative');
    return answer;
  }

  async #readOnce(id: string): Promise<Answer> {
    try {
      const answer = await (this.#reads.get(id) ?? this.#beginRead(id)).answer;
      this.#metrics.answered(answer.from);
      return answer;
    } catch (error) {
      this.#metrics.answered('failed');
      throw error;
    }
  }

  #beginRead(id: string): Read {
    const { promise: answer, resolve, reject } = Promise.withResolvers<Answer>();
    const read = { answer, outdated: false };
    // Known before it begins, so that no change can come between.
    this.#reads.set(id, read);
    void this.#readUntilCurrent(id, read)
      .finally(() => this.#reads.delete(id))
      .then(resolve, reject);
    return read;
  }

  async #readUntilCurrent(id: string, read: Read): Promise<Answer> {
    for (let reads = 0; reads < maxReads; reads += 1) {
      read.outdated = false;
      const answer = await this.#read(id);
      if (!read.outdated) {
        this.#memory.set(id, answer, answer.kind === 'missing' ? { ttl: this.#negativeTtlMs } : {});
        return answer;
      }
    }
    throw new TenantUnavailableError(`Tenant ${id} keeps changing.`);
  }

  async #read(id: string): Promise<Answer> {
    const shared = this.#shared ? await this.#shared.read(id) : null;
    if (shared && 'placement' in shared) return { kind: 'found', placement: shared.placement, from: 'redis' };
    const placement = await this.#readSource(id);
    if (!placement) return { kind: 'missing', from: 'source' };
    await shared?.fill(placement);
    return { kind: 'found', placement, from: 'source' };
  }

  async #readSource(id: string): Promise<TenantPlacement | null> {
    const observe = this.#metrics.sourceRead.startTimer();
    try {
      return assertOwn(await this.#source.findPlacement(id), id);
    } catch (cause) {
      throw new TenantUnavailableError('Where the tenant is could not be read.', { cause });
    } finally {
      observe();
    }
  }
}

/** What is kept as one tenant's is never another's, whatever the source may do. */
function assertOwn(placement: TenantPlacement | null, id: string): TenantPlacement | null {
  if (placement && placement.tenantId !== id) throw new Error(`Asked for tenant ${id}, the source answered of ${placement.tenantId}.`);
  return placement;
}
