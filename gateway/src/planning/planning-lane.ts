import { PlanningError } from '../errors.ts';
import { FairTurns, type FairTurnsOptions } from './fair-turns.ts';
import type { PlannerAnswer } from './planner-messages.ts';
import { PlannerThread, type PlannerThreadOptions } from './planner-thread.ts';
import type { Waiters } from './waiters.ts';

export interface PlanningLaneOptions extends PlannerThreadOptions, FairTurnsOptions {
  /** Milliseconds that one operation may take. */
  budgetMs: number;
  /** Milliseconds without an operation after which the thread is given up. Default: it is kept, and replaced at once when it ends. */
  idleMs?: number;
}

/** A planner's thread and the operations that wait for it. The thread starts when it is needed, and again when it has ended. */
export class PlanningLane implements AsyncDisposable {
  readonly #options: PlanningLaneOptions;
  readonly #turns: FairTurns;
  #thread: Promise<PlannerThread> | null = null;
  #idleTimer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(options: PlanningLaneOptions) {
    this.#options = options;
    this.#turns = new FairTurns(options);
  }

  /**
   * Has the thread ready.
   *
   * @throws {PlanningError}
   */
  async prepare(): Promise<void> {
    await this.#ready();
  }

  /**
   * @param text of one operation
   * @param hasOverrun before: it then waits behind others' operations that will probably be done sooner
   * @throws {PlanningOverrunError} {PlanningError} {PlannerBusyError} {PlanningAbandonedError}
   */
  async plan(text: string, waiters: Waiters, hasOverrun = false): Promise<PlannerAnswer> {
    using _turn = await this.#turns.take(waiters, hasOverrun ? this.#options.budgetMs : 0);
    return await this.#planNow(text);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#idleTimer);
    await this.#giveUpThread();
  }

  async #planNow(text: string): Promise<PlannerAnswer> {
    clearTimeout(this.#idleTimer);
    const thread = await this.#ready();
    try {
      return await thread.plan(text, this.#options.budgetMs);
    } finally {
      if (thread.hasEnded) this.#thread = null;
      this.#prepareNext();
    }
  }

  async #ready(): Promise<PlannerThread> {
    if (this.#isClosed) throw new PlanningError('The planner was stopped.');
    this.#thread ??= PlannerThread.start(this.#options);
    try {
      return await this.#thread;
    } catch (error) {
      this.#thread = null;
      throw error;
    }
  }

  #prepareNext(): void {
    const { idleMs } = this.#options;
    if (this.#isClosed) return;
    if (idleMs !== undefined) this.#idleTimer = setTimeout(() => void this.#giveUpThread(), idleMs).unref();
    // Whoever comes next waits for what is left of a start; what fails here fails there again.
    else this.#ready().catch(() => {});
  }

  async #giveUpThread(): Promise<void> {
    const thread = this.#thread;
    this.#thread = null;
    await (await thread?.catch(() => null))?.[Symbol.asyncDispose]();
  }
}
