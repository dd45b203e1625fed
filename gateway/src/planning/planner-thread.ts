import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { PlanningError, PlanningOverrunError } from '../errors.ts';
import type { PlannerAnswer, PlannerMessage, PlannerThreadData } from './planner-messages.ts';

/** MiB that a thread may use: an operation whose plan needs more is one that is too complex. */
const maxHeapMiB = 1024;

/** A thread that plans one operation at a time over one supergraph. What goes wrong in it, or takes too long, ends it and nothing else. */
export class PlannerThread implements AsyncDisposable {
  readonly #worker: Worker;
  readonly #ended = new AbortController();

  private constructor(data: PlannerThreadData) {
    this.#worker = new Worker(new URL('planner-worker.ts', import.meta.url), {
      name: 'planner',
      workerData: data,
      // It needs none of the process's secrets.
      env: {},
      resourceLimits: { maxOldGenerationSizeMb: maxHeapMiB },
    });
    // An error that nobody waits for must not end the process.
    this.#worker.on('error', (error) => this.#ended.abort(error));
    this.#worker.on('exit', () => this.#ended.abort(new PlanningError('The planner was stopped.')));
  }

  /**
   * Starts a thread and waits until it can plan.
   *
   * @throws {PlanningError} when the planner cannot do with the supergraph
   */
  static async start(data: PlannerThreadData): Promise<PlannerThread> {
    const thread = new PlannerThread(data);
    try {
      await thread.#nextMessage();
      return thread;
    } catch (cause) {
      throw new PlanningError('The planner did not start.', { cause });
    }
  }

  get hasEnded(): boolean {
    return this.#ended.signal.aborted;
  }

  /**
   * @param text of one operation
   * @throws {PlanningOverrunError} after `budgetMs` milliseconds, or when memory runs out; the thread has ended then
   * @throws {PlanningError} when the thread ends for another reason
   */
  async plan(text: string, budgetMs: number): Promise<PlannerAnswer> {
    const budget = AbortSignal.timeout(budgetMs);
    if (this.hasEnded) throw toPlanningError(this.#ended.signal.reason);
    this.#worker.postMessage(text, []);
    try {
      const message = await this.#nextMessage(budget);
      if (message.kind === 'ready') throw new PlanningError('The planner answered out of turn.');
      return message;
    } catch (error) {
      await this[Symbol.asyncDispose]();
      throw budget.aborted ? new PlanningOverrunError(`Planning took more than ${budgetMs} ms.`, { cause: error }) : toPlanningError(error);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker.terminate();
  }

  async #nextMessage(budget?: AbortSignal): Promise<PlannerMessage> {
    const signals = budget ? [this.#ended.signal, budget] : [this.#ended.signal];
    try {
      const [message]: PlannerMessage[] = await once(this.#worker, 'message', { signal: AbortSignal.any(signals) });
      if (!message) throw new PlanningError('The planner said nothing.');
      return message;
    } catch (error) {
      throw this.hasEnded ? this.#ended.signal.reason : error;
    }
  }
}

function toPlanningError(error: unknown): Error {
  if (error instanceof Error && 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY') {
    return new PlanningOverrunError(`Planning took more than ${maxHeapMiB} MiB.`, { cause: error });
  }
  return error instanceof PlanningError ? error : new PlanningError('The planner has failed.', { cause: error });
}
