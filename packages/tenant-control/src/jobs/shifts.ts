import { setTimeout as sleep } from 'node:timers/promises';
import { Shift, type ShiftOptions, type ShiftPatience } from './shift.ts';

export interface ShiftsOptions extends ShiftOptions {
  patience: ShiftPatience;
}

/** When the others may take over what runs here, it has to end. */
const brokenPatience: ShiftPatience = { graceMs: 0, deadlineMs: 1000 };

/** Milliseconds until the next shift is tried to begin after one that broke: doubled each time, up to half a minute. */
const firstPauseMs = 500;
const longestPauseMs = 30_000;

/** One shift after the other: where one breaks, as when the control database is restarted, the next one begins. */
export class Shifts implements AsyncDisposable {
  readonly #options: ShiftsOptions;
  readonly #stopping = new AbortController();
  readonly #over: Promise<void>;
  #current: Shift | null;

  private constructor(options: ShiftsOptions, first: Shift) {
    this.#options = options;
    this.#current = first;
    this.#over = this.#goOn(first);
  }

  /** @throws as {@link Shift.begin}, of the first one */
  static async begin(options: ShiftsOptions): Promise<Shifts> {
    return new Shifts(options, await Shift.begin(options));
  }

  /** @throws when jobs are not run at the moment */
  assertOnDuty(): void {
    if (!this.#current) throw new Error('The worker has lost its place in the job queue, and tries to get another.');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort();
    await this.#over;
  }

  async #goOn(first: Shift): Promise<void> {
    const { logger, patience } = this.#options;
    const { signal } = this.#stopping;
    const { promise: stopped, resolve } = Promise.withResolvers<null>();
    signal.addEventListener('abort', () => resolve(null));
    let shift: Shift | null = first;
    while (shift) {
      const broken = await Promise.race([stopped, shift.broken.then((err) => ({ err }))]);
      if (!broken) return await shift.end(patience);
      this.#current = null;
      logger.error(broken, 'the worker has lost its place in the job queue');
      await shift.end(brokenPatience).catch((err: unknown) => logger.warn({ err }, 'what the worker was at could not be ended'));
      shift = await this.#next();
      this.#current = shift;
    }
  }

  /** @returns null when the worker is to stop */
  async #next(): Promise<Shift | null> {
    const { logger } = this.#options;
    const { signal } = this.#stopping;
    for (let pauseMs = firstPauseMs; !signal.aborted; pauseMs = Math.min(2 * pauseMs, longestPauseMs)) {
      await sleep(pauseMs, undefined, { signal }).catch(() => {});
      if (signal.aborted) break;
      try {
        return await Shift.begin(this.#options);
      } catch (err) {
        logger.warn({ err }, 'the worker could not get a place in the job queue; it is tried again');
      }
    }
    return null;
  }
}
