import { PlannerBusyError, PlanningAbandonedError } from '../errors.ts';
import type { Waiters } from './waiters.ts';

export interface FairTurnsOptions {
  /** Operations that wait at most. */
  readonly maxWaiting: number;
  /** Of these, operations of one client. */
  readonly maxWaitingPerClient: number;
  /** Milliseconds by a clock that never goes back. Default: `performance.now`. */
  readonly now?: () => number;
}

interface Candidate {
  readonly waiters: Waiters;
  readonly setbackMs: number;
  /** By the virtual clock. */
  readonly since: number;
  readonly resolve: (turn: Disposable) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Lets one operation at a time have its turn, in the order of start-time fair queueing (Goyal, Vin, Cheng, "Start-time Fair Queueing",
 * SIGCOMM 1996), where what is shared out is time: the next turn is that of whose client has had the least of it since it began to wait.
 * So nobody waits for the many or long operations of somebody else, but for the one that has its turn.
 */
export class FairTurns {
  readonly #options: FairTurnsOptions;
  readonly #now: () => number;
  /** In the order in which they came, by which equals have their turns. */
  readonly #waiting = new Set<Candidate>();
  /** When clients' next turns begin, by the virtual clock, where that is not now. */
  readonly #starts = new Map<string, number>();
  /** Milliseconds: the start of the last turn. */
  #clock = 0;
  #isTaken = false;

  constructor(options: FairTurnsOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
  }

  /**
   * Waits for a turn, which is that of the foremost client among the waiters; they may change meanwhile. What nobody waits for gives its
   * place up.
   *
   * @param setbackMs time that the operation's client is taken to have had beyond what it did have
   * @returns the turn, which ends when it is disposed of
   * @throws {PlannerBusyError} {PlanningAbandonedError}
   */
  async take(waiters: Waiters, setbackMs = 0): Promise<Disposable> {
    if (waiters.clients.length === 0) throw abandon(waiters);
    if (!this.#isTaken) return this.#begin(waiters, this.#startOf(waiters, this.#clock));
    this.#dropDeserted();
    this.#checkRoom(waiters);
    const { promise, resolve, reject } = Promise.withResolvers<Disposable>();
    this.#waiting.add({ waiters, setbackMs, since: this.#clock, resolve, reject });
    return await promise;
  }

  #begin(waiters: Waiters, start: number): Disposable {
    // Who leaves during the turn has had it all the same.
    const { clients } = waiters;
    const startedAt = this.#now();
    this.#isTaken = true;
    this.#clock = Math.max(this.#clock, start);
    for (const [client, next] of this.#starts) if (next <= this.#clock) this.#starts.delete(client);
    return {
      [Symbol.dispose]: () => {
        const share = (this.#now() - startedAt) / clients.length;
        for (const client of clients) this.#starts.set(client, Math.max(this.#clock, this.#starts.get(client) ?? 0) + share);
        this.#isTaken = false;
        this.#beginNext();
      },
    };
  }

  #beginNext(): void {
    this.#dropDeserted();
    let next: Candidate | undefined;
    let least = Number.POSITIVE_INFINITY;
    for (const candidate of this.#waiting) {
      const start = this.#startOf(candidate.waiters, candidate.since) + candidate.setbackMs;
      if (start < least) [next, least] = [candidate, start];
    }
    // Where nobody waits, nobody is owed anything.
    if (!next) return this.#starts.clear();
    this.#waiting.delete(next);
    next.resolve(this.#begin(next.waiters, least));
  }

  #dropDeserted(): void {
    for (const candidate of this.#waiting) {
      if (candidate.waiters.clients.length > 0) continue;
      this.#waiting.delete(candidate);
      candidate.reject(abandon(candidate.waiters));
    }
  }

  /** @throws {PlannerBusyError} when there is no place for any of the waiters */
  #checkRoom(waiters: Waiters): void {
    const { maxWaiting, maxWaitingPerClient } = this.#options;
    const hasPlace = (client: string) => this.#placesOf(client) < maxWaitingPerClient;
    if (this.#waiting.size >= maxWaiting || !waiters.clients.some(hasPlace)) throw new PlannerBusyError();
  }

  #placesOf(client: string): number {
    return [...this.#waiting].filter(({ waiters }) => waiters.clients.includes(client)).length;
  }

  /** When the turn of what waits since then begins, by the virtual clock: that of the foremost client. */
  #startOf({ clients }: Waiters, since: number): number {
    return Math.min(...clients.map((client) => Math.max(since, this.#starts.get(client) ?? 0)));
  }
}

function abandon(waiters: Waiters): PlanningAbandonedError {
  waiters.close();
  return new PlanningAbandonedError('Nobody waits for the plan any longer.');
}
