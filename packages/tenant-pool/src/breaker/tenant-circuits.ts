import type { TenantAttempt } from './attempt.ts';
import { breakerClasses, type BreakerClass, type BreakerOptions, type BreakerState } from './breaker-options.ts';
import { Circuit } from './circuit.ts';

/** Why work is not let through: the circuit that is open for longest, and the milliseconds until it may be tried again. */
export interface Refusal {
  failure: BreakerClass;
  retryAfterMs: number;
}

export interface TenantCircuitsOptions {
  breaker: BreakerOptions;
  /** A number that no tenant's epoch had before; 0 is the epoch of tenants without circuits. */
  nextEpoch: () => number;
  onChange: (failure: BreakerClass, state: BreakerState) => void;
  random: () => number;
}

/**
 * One tenant's circuits. They are probed together, by one probe, since only a connection that works proves any of them mended.
 *
 * An epoch ends when the first circuit opens, and again when all have closed. Work counts only in the epoch that let it through:
 * what began before the tenant broke down says nothing about its recovery, nor against it afterwards.
 */
export class TenantCircuits {
  readonly #options: TenantCircuitsOptions;
  readonly #circuits: Readonly<Record<BreakerClass, Circuit>>;
  #epoch: number;
  /** The probe under way, and when it counts as failed. */
  #probe: { attempt: TenantAttempt; deadline: number } | null = null;

  constructor(epoch: number, options: TenantCircuitsOptions) {
    const { breaker, random } = options;
    this.#options = options;
    this.#epoch = epoch;
    const circuit = (failure: BreakerClass) => new Circuit(breaker[failure], breaker, random);
    this.#circuits = { unreachable: circuit('unreachable'), authentication: circuit('authentication'), overload: circuit('overload') };
  }

  get epoch(): number {
    return this.#epoch;
  }

  get isBroken(): boolean {
    return breakerClasses.some((failure) => !this.#circuits[failure].isClosed);
  }

  /** Whether nothing would be lost by forgetting the tenant. */
  get isForgettable(): boolean {
    return this.#epoch === 0 && breakerClasses.every((failure) => this.#circuits[failure].isClear);
  }

  /** Why work is not let through now; null when it is. */
  refusal(now: number): Refusal | null {
    this.#expireProbe(now);
    const { minRetryAfterMs } = this.#options.breaker;
    const last = this.#open().reduce<BreakerClass | null>((later, failure) => (later ? this.#later(later, failure) : failure), null);
    if (!last) return null;
    if (this.#probe) return { failure: last, retryAfterMs: minRetryAfterMs };
    const waitMs = this.#circuits[last].probeAt - now;
    return waitMs > 0 ? { failure: last, retryAfterMs: Math.max(minRetryAfterMs, Math.ceil(waitMs)) } : null;
  }

  /** Takes note of work that was let through: a probe, if the tenant is broken. */
  onAdmission(attempt: TenantAttempt, now: number): void {
    if (!this.isBroken) return;
    this.#probe = { attempt, deadline: now + this.#options.breaker.probeDeadlineMs };
    this.#announce('half-open');
  }

  /** A probe that outlived its deadline still closes the circuits: else a slow database would never be let back. */
  onSuccess({ epoch }: TenantAttempt): void {
    if (epoch === this.#epoch) this.close();
  }

  onFailure(attempt: TenantAttempt, failure: BreakerClass, now: number): void {
    this.#expireProbe(now);
    if (attempt.epoch !== this.#epoch) return;
    if (this.isBroken) this.#onProbeFailure(attempt, failure, now);
    else this.#count(failure, now);
  }

  /** Leaves the place of a probe that will have no answer to the next. */
  onAbandonment(attempt: TenantAttempt, now: number): void {
    this.#expireProbe(now);
    if (this.#probe?.attempt !== attempt) return;
    this.#probe = null;
    this.#announce('open');
  }

  /** Closes all circuits; work in flight counts no longer if one was open. */
  close(): void {
    const open = this.#open();
    for (const failure of breakerClasses) this.#circuits[failure].close();
    if (open.length === 0) return;
    this.#probe = null;
    this.#epoch = this.#options.nextEpoch();
    for (const failure of open) this.#options.onChange(failure, 'closed');
  }

  state(failure: BreakerClass, now: number): BreakerState {
    this.#expireProbe(now);
    if (this.#circuits[failure].isClosed) return 'closed';
    return this.#probe ? 'half-open' : 'open';
  }

  #count(failure: BreakerClass, now: number): void {
    const circuit = this.#circuits[failure];
    circuit.countFailure(now);
    if (circuit.isClosed) return;
    this.#epoch = this.#options.nextEpoch();
    this.#options.onChange(failure, 'open');
  }

  #onProbeFailure(attempt: TenantAttempt, failure: BreakerClass, now: number): void {
    // The answer of a probe that another has succeeded comes too late to tell anything.
    if (this.#probe?.attempt !== attempt) return;
    const circuit = this.#circuits[failure];
    const wasClosed = circuit.isClosed;
    this.#reopen(now);
    if (!wasClosed) return;
    circuit.countFailure(now);
    if (!circuit.isClosed) this.#options.onChange(failure, 'open');
  }

  #expireProbe(now: number): void {
    if (this.#probe && this.#probe.deadline <= now) this.#reopen(this.#probe.deadline);
  }

  #reopen(now: number): void {
    this.#probe = null;
    for (const failure of this.#open()) this.#circuits[failure].open(now);
    this.#announce('open');
  }

  #open(): BreakerClass[] {
    return breakerClasses.filter((failure) => !this.#circuits[failure].isClosed);
  }

  #later(one: BreakerClass, another: BreakerClass): BreakerClass {
    return this.#circuits[another].probeAt > this.#circuits[one].probeAt ? another : one;
  }

  #announce(state: BreakerState): void {
    for (const failure of this.#open()) this.#options.onChange(failure, state);
  }
}
