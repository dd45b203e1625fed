import pLimit from 'p-limit';
import { PlannerBusyError, PlanningError } from '../errors.ts';
import type { PlannerAnswer, PlannerThreadData } from './planner-messages.ts';
import { PlannerThread } from './planner-thread.ts';

export interface PlanningLaneOptions extends PlannerThreadData {
  /** Milliseconds that one operation may take. */
  budgetMs: number;
  /** Operations that wait at most. */
  maxWaiting: number;
  /** Milliseconds without an operation after which the thread is given up. Default: it is kept, and replaced at once when it ends. */
  idleMs?: number;
}

/** A planner's thread and the operations that wait for it. The thread starts when it is needed, and again when it has ended. */
export class PlanningLane implements AsyncDisposable {
  readonly #options: PlanningLaneOptions;
  readonly #turns = pLimit(1);
  #thread: Promise<PlannerThread> | null = null;
  #idleTimer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(options: PlanningLaneOptions) {
    this.#options = options;
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
   * @throws {PlanningOverrunError} {PlanningError} {PlannerBusyError}
   */
  async plan(text: string): Promise<PlannerAnswer> {
    if (this.#turns.pendingCount >= this.#options.maxWaiting) throw new PlannerBusyError();
    return await this.#turns(async () => await this.#planNow(text));
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
