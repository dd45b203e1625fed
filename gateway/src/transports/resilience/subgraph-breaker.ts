import { LRUCache } from 'lru-cache';
import { SubgraphUnavailableError } from '../../errors.ts';
import { Circuit, type CircuitPhase } from './circuit.ts';

/** Whose circuit: that of a tenant, or the one of the whole subgraph. */
export type CircuitScope = 'tenant' | 'subgraph';

export interface SubgraphBreakerOptions {
  /** Calls in a row without an answer that open a tenant's circuit. Default 5. */
  failuresPerTenant?: number;
  /** The same for everybody's; calls of tenants whose circuit is open do not count. Default 20, so that it takes several tenants. */
  failuresInAll?: number;
  /** Milliseconds after which a failure counts no longer. Default 60000. */
  withinMs?: number;
  /** Milliseconds until an open circuit is probed; doubled by each probe that fails. Default 1000. */
  probeDelayMs?: number;
  /** Milliseconds until the next probe, at most. Default 30000. */
  maxProbeDelayMs?: number;
  /** Tenants remembered at most; beyond, those asked for least recently are let through again. Default 10000. */
  maxTenants?: number;
  /** Milliseconds after which a tenant that nobody asks for is forgotten. Default 300000. */
  forgetAfterMs?: number;
  /** Milliseconds of a clock that never goes back, greater than 0. Default `performance.now`. */
  now?: () => number;
  /** From 0 to 1. Default `Math.random`. */
  random?: () => number;
}

export type OnCircuitChange = (scope: CircuitScope, phase: CircuitPhase) => void;

/** Whoever belongs to no tenant shares a circuit. */
const noTenant = '';

/** Milliseconds that a caller is told to wait at the least, and while a probe is under way. */
const minRetryAfterMs = 250;

/**
 * Keeps calls from a subgraph that does not answer: to a tenant alone, when only that tenant's calls fail, or to anybody. A tenant
 * that was always well has no entry, so that thousands of them cost nothing. There is no timer: all happens when somebody asks.
 */
export class SubgraphBreaker {
  readonly #now: () => number;
  readonly #subgraph: Circuit;
  readonly #tenants: LRUCache<string, Circuit>;
  readonly #newCircuit: () => Circuit;
  #lastTicket = 0;

  constructor(onChange: OnCircuitChange, options: SubgraphBreakerOptions = {}) {
    const { failuresPerTenant = 5, failuresInAll = 20, maxTenants = 10_000, forgetAfterMs = 300_000 } = options;
    const { withinMs = 60_000, probeDelayMs = 1_000, maxProbeDelayMs = 30_000, random = Math.random } = options;
    const now = options.now ?? (() => performance.now());
    const shared = { withinMs, probeDelayMs, maxProbeDelayMs, random };
    this.#now = now;
    this.#subgraph = new Circuit({ ...shared, failures: failuresInAll }, (phase) => onChange('subgraph', phase));
    this.#newCircuit = () => new Circuit({ ...shared, failures: failuresPerTenant }, (phase) => onChange('tenant', phase));
    this.#tenants = new LRUCache({
      max: maxTenants,
      ttl: forgetAfterMs,
      ttlResolution: 0,
      updateAgeOnGet: true,
      perf: { now },
      dispose: (circuit) => circuit.close(this.#lastTicket),
    });
  }

  /** Tenants that are remembered. */
  get size(): number {
    return this.#tenants.size;
  }

  /**
   * Asks to make a call. How it ends is to be told by one of {@link succeeded}, {@link failed} and {@link abandoned}.
   *
   * @returns the call's ticket
   * @throws {SubgraphUnavailableError}
   */
  admit(tenantId: string | null): number {
    this.check(tenantId);
    const ticket = ++this.#lastTicket;
    this.#subgraph.admitted(ticket);
    this.#tenants.get(tenantId ?? noTenant)?.admitted(ticket);
    return ticket;
  }

  /**
   * For a call whose end would tell nothing.
   *
   * @throws {SubgraphUnavailableError}
   */
  check(tenantId: string | null): void {
    const tenant = this.#tenants.get(tenantId ?? noTenant);
    if (this.#subgraph.isClosed && (tenant?.isClosed ?? true)) return;
    const now = this.#now();
    const waitMs = Math.max(this.#subgraph.waitMs(now), tenant?.waitMs(now) ?? 0);
    if (waitMs === 0) return;
    throw new SubgraphUnavailableError(Number.isFinite(waitMs) ? Math.max(minRetryAfterMs, Math.ceil(waitMs)) : minRetryAfterMs);
  }

  /** There was an answer, errors or not. */
  succeeded(tenantId: string | null, ticket: number): void {
    this.#subgraph.succeeded(ticket);
    this.#tenants.get(tenantId ?? noTenant)?.succeeded(ticket);
  }

  /** There was none. */
  failed(tenantId: string | null, ticket: number): void {
    const now = this.#now();
    const key = tenantId ?? noTenant;
    const tenant = this.#tenants.get(key) ?? this.#newCircuit();
    if (tenant.isClosed || !this.#subgraph.isClosed) this.#subgraph.failed(ticket, now);
    tenant.failed(ticket, now);
    if (!this.#tenants.has(key)) this.#tenants.set(key, tenant);
  }

  /** It ended before it was known whether there would be an answer. */
  abandoned(tenantId: string | null, ticket: number): void {
    const now = this.#now();
    this.#subgraph.abandoned(ticket, now);
    this.#tenants.get(tenantId ?? noTenant)?.abandoned(ticket, now);
  }
}
