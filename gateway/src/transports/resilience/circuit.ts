export interface CircuitOptions {
  /** Failures in a row, none of them older than `withinMs` milliseconds, that open the circuit. */
  readonly failures: number;
  readonly withinMs: number;
  /** Milliseconds until the first probe; doubled by each probe that fails, up to `maxProbeDelayMs`. */
  readonly probeDelayMs: number;
  readonly maxProbeDelayMs: number;
  /** From 0 to 1; half of each delay is left to chance, so that processes do not probe in step. Default `Math.random`. */
  readonly random: () => number;
}

/** `half-open`: a probe is under way. */
type State =
  | { readonly phase: 'closed'; readonly failedAt: readonly number[] }
  | { readonly phase: 'open'; readonly openings: number; readonly probeAt: number }
  | { readonly phase: 'half-open'; readonly openings: number; readonly probe: number };

export type CircuitPhase = State['phase'];

const jitter = 0.5;

const clear: State = { phase: 'closed', failedAt: [] };

/**
 * Counts failures, opens, and is closed by a probe that succeeds (M. Nygard, "Release It!", ch. 5). Who is let through has a ticket, a
 * number that grows: what began before the circuit last changed says nothing about it any longer. Times are of one clock, in ms.
 */
export class Circuit {
  readonly #options: CircuitOptions;
  readonly #onChange: (phase: CircuitPhase) => void;
  #state: State = clear;
  /** Tickets from before are no longer counted. */
  #firstTicket = 0;

  constructor(options: CircuitOptions, onChange: (phase: CircuitPhase) => void) {
    this.#options = options;
    this.#onChange = onChange;
  }

  get isClosed(): boolean {
    return this.#state.phase === 'closed';
  }

  /** Milliseconds until somebody is let through; Infinity while a probe is under way. */
  waitMs(now: number): number {
    switch (this.#state.phase) {
      case 'closed':
        return 0;
      case 'open':
        return Math.max(0, this.#state.probeAt - now);
      case 'half-open':
        return Infinity;
      default:
        return this.#state satisfies never;
    }
  }

  /** Takes note of who was let through; they are the probe, if the circuit was open. */
  admitted(ticket: number): void {
    if (this.#state.phase === 'open') this.#enter({ phase: 'half-open', openings: this.#state.openings, probe: ticket });
  }

  succeeded(ticket: number): void {
    if (this.#isProbe(ticket)) this.close(ticket);
    else if (this.#state.phase === 'closed' && ticket >= this.#firstTicket) this.#state = clear;
  }

  failed(ticket: number, now: number): void {
    if (this.#state.phase === 'half-open' && this.#state.probe === ticket) this.#open(this.#state.openings + 1, now);
    else if (this.#state.phase === 'closed' && ticket >= this.#firstTicket) this.#count(this.#state.failedAt, now);
  }

  /** Nobody will know how it ended: the next to ask may probe instead. */
  abandoned(ticket: number, now: number): void {
    if (this.#state.phase !== 'half-open' || this.#state.probe !== ticket) return;
    this.#enter({ phase: 'open', openings: this.#state.openings, probeAt: now });
  }

  /** @param ticket the last one that was given out */
  close(ticket: number): void {
    this.#firstTicket = ticket + 1;
    if (this.isClosed) this.#state = clear;
    else this.#enter(clear);
  }

  #count(earlier: readonly number[], now: number): void {
    const failedAt = [...earlier.filter((at) => at > now - this.#options.withinMs), now];
    if (failedAt.length < this.#options.failures) this.#state = { phase: 'closed', failedAt };
    else this.#open(1, now);
  }

  #open(openings: number, now: number): void {
    const { probeDelayMs, maxProbeDelayMs, random } = this.#options;
    const delayMs = Math.min(maxProbeDelayMs, probeDelayMs * 2 ** (openings - 1));
    this.#enter({ phase: 'open', openings, probeAt: now + delayMs * (1 - jitter * random()) });
  }

  #isProbe(ticket: number): boolean {
    return this.#state.phase === 'half-open' && this.#state.probe === ticket;
  }

  #enter(state: State): void {
    this.#state = state;
    this.#onChange(state.phase);
  }
}
