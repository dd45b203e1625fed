import { LRUCache } from 'lru-cache';
import type { ConnectionFailure } from '../connections/connection-failure.ts';
import { TenantAttempt, type Attempt, type AttemptJudge } from './attempt.ts';
import {
  breakerClasses,
  classOf,
  defaultBreakerOptions,
  type BreakerClass,
  type BreakerOptions,
  type BreakerState,
} from './breaker-options.ts';
import { refusalError } from './refusal-error.ts';
import { TenantCircuits } from './tenant-circuits.ts';

export interface BreakerChange {
  tenantId: string;
  failure: BreakerClass;
  state: BreakerState;
}

export interface BreakerUsage {
  failure: BreakerClass;
  state: BreakerState;
  tenants: number;
}

export interface TenantBreakersOptions {
  breaker?: Partial<BreakerOptions>;
  /** Told of each circuit that changes, also when it is closed for having been forgotten. Must not throw, nor call the breakers. */
  onChange: (change: BreakerChange) => void;
  /** Milliseconds of a clock that never goes back, greater than 0. Default `performance.now`. */
  now?: () => number;
  /** From 0 to 1. Default `Math.random`. */
  random?: () => number;
}

/**
 * Keeps work off tenants whose database is known not to serve it, so that it fails at once instead of waiting: a circuit per
 * tenant and class of failure (M. Nygard, "Release It!", ch. 5).
 *
 * An open circuit lets one probe through after a delay. Its success closes the circuit, its failure doubles the delay; a probe
 * that is abandoned leaves its turn to the next. There is no timer: all of it happens when somebody asks.
 *
 * A tenant that was always healthy has no entry. One that recovered, or was forgotten, keeps an empty one for a while, so that work from
 * before is known as such.
 */
export class TenantBreakers {
  readonly #options: BreakerOptions;
  readonly #onChange: (change: BreakerChange) => void;
  readonly #now: () => number;
  readonly #random: () => number;
  readonly #tenants: LRUCache<string, TenantCircuits>;
  readonly #judge: AttemptJudge = {
    onSuccess: (attempt) => this.#onSuccess(attempt),
    onFailure: (attempt, failure) => this.#onFailure(attempt, failure),
    onAbandonment: (attempt) => this.#tenants.get(attempt.tenantId)?.onAbandonment(attempt, this.#now()),
  };
  #epochs = 0;

  constructor({ breaker, onChange, now = () => performance.now(), random = Math.random }: TenantBreakersOptions) {
    this.#options = { ...defaultBreakerOptions, ...breaker };
    this.#onChange = onChange;
    this.#now = now;
    this.#random = random;
    this.#tenants = new LRUCache({
      max: this.#options.maxTenants,
      ttl: this.#options.forgetAfterMs,
      ttlResolution: 0,
      perf: { now },
      dispose: (circuits) => circuits.close(),
    });
  }

  /** Tenants that are remembered. */
  get size(): number {
    return this.#tenants.size;
  }

  /**
   * Asks to do a piece of work that needs a connection to the tenant's database.
   *
   * @throws {TenantUnavailableError} {TenantBusyError} at once while a circuit of the tenant is open; `retryAfterMs` is the time
   * to the next probe
   */
  admit(tenantId: string): Attempt {
    const circuits = this.#tenants.get(tenantId);
    if (!circuits) return new TenantAttempt(tenantId, 0, this.#judge);
    const now = this.#now();
    // Asked for: its circuits are not to be forgotten.
    if (circuits.isBroken) this.#tenants.set(tenantId, circuits);
    const refusal = circuits.refusal(now);
    if (refusal) throw refusalError(refusal);
    const attempt = new TenantAttempt(tenantId, circuits.epoch, this.#judge);
    circuits.onAdmission(attempt, now);
    return attempt;
  }

  /** Asks whether {@link admit} would let work through now. @throws as {@link admit} */
  check(tenantId: string): void {
    const refusal = this.#tenants.get(tenantId)?.refusal(this.#now());
    if (refusal) throw refusalError(refusal);
  }

  /**
   * Starts afresh, because the tenant's credentials or place may have changed: of a tenant that is remembered, work that is under way
   * counts no longer.
   */
  forget(tenantId: string): void {
    if (!this.#tenants.has(tenantId)) return;
    this.#epochs += 1;
    this.#tenants.set(tenantId, this.#circuits(tenantId, this.#epochs));
  }

  /** How many tenants have a circuit that is not closed, by class and state. */
  usage(): BreakerUsage[] {
    this.#tenants.purgeStale();
    const now = this.#now();
    const circuits = [...this.#tenants.values()];
    return breakerClasses.flatMap((failure) =>
      (['open', 'half-open'] as const).map((state) => ({
        failure,
        state,
        tenants: circuits.filter((tenant) => tenant.state(failure, now) === state).length,
      })),
    );
  }

  #onFailure(attempt: TenantAttempt, failure: ConnectionFailure): void {
    const { tenantId } = attempt;
    const circuits = this.#tenants.get(tenantId) ?? this.#circuits(tenantId, 0);
    circuits.onFailure(attempt, classOf[failure], this.#now());
    if (!circuits.isForgettable) this.#tenants.set(tenantId, circuits);
  }

  #onSuccess(attempt: TenantAttempt): void {
    const circuits = this.#tenants.get(attempt.tenantId);
    if (!circuits) return;
    circuits.onSuccess(attempt);
    if (circuits.isForgettable) this.#tenants.delete(attempt.tenantId);
  }

  #circuits(tenantId: string, epoch: number): TenantCircuits {
    return new TenantCircuits(epoch, {
      breaker: this.#options,
      nextEpoch: () => (this.#epochs += 1),
      onChange: (failure, state) => this.#onChange({ tenantId, failure, state }),
      random: this.#random,
    });
  }
}
