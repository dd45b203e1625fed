import type { BreakerOptions, Trip } from './breaker-options.ts';

/** One class of failure of one tenant: counts failures, opens, and says when the next probe is due. Times are of one clock, in ms. */
export class Circuit {
  readonly #trip: Trip;
  readonly #options: BreakerOptions;
  readonly #random: () => number;
  /** When the failures in a row came that still count. */
  #failedAt: number[] = [];
  /** How often it opened since it was last closed. */
  #openings = 0;
  #probeAt = 0;

  constructor(trip: Trip, options: BreakerOptions, random: () => number) {
    this.#trip = trip;
    this.#options = options;
    this.#random = random;
  }

  get isClosed(): boolean {
    return this.#openings === 0;
  }

  /** Whether it is closed and no failure counts against it. */
  get isClear(): boolean {
    return this.isClosed && this.#failedAt.length === 0;
  }

  /** When the next probe is due; meaningless while it is closed. */
  get probeAt(): number {
    return this.#probeAt;
  }

  /** Counts a failure of a closed circuit, and opens it if that is one too many. */
  countFailure(now: number): void {
    const { failures, withinMs } = this.#trip;
    this.#failedAt = [...this.#failedAt.filter((at) => at > now - withinMs), now];
    if (this.#failedAt.length >= failures) this.open(now);
  }

  /** Opens it, or opens it again for longer. */
  open(now: number): void {
    const { probeDelayMs, maxProbeDelayMs, jitter } = this.#options;
    const delayMs = Math.min(maxProbeDelayMs, probeDelayMs * 2 ** this.#openings);
    this.#probeAt = now + delayMs * (1 - jitter * this.#random());
    this.#openings += 1;
  }

  /** Closes it and lets no earlier failure count. */
  close(): void {
    this.#openings = 0;
    this.#failedAt = [];
  }
}
