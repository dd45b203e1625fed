import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { PlanningError, PlanningOverrunError } from '../errors.ts';
import type { PlannerAnswer, PlannerMessage, PlannerThreadData } from './planner-messages.ts';
import { watchHeap } from './watch-heap.ts';

/** MiB at which V8 ends a thread, or, where it is too late for that, the process: far more than planning may take. */
const hardLimitMiB = 4096;

const bytesPerMiB = 1024 * 1024;

export interface PlannerThreadOptions extends PlannerThreadData {
  /** MiB that the planning of one operation may take, beside what the thread holds. */
  readonly maxPlanningMiB: number;
}

/** A thread that plans one operation at a time over one supergraph. What goes wrong in it, or takes too long, ends it and nothing else. */
export class PlannerThread implements AsyncDisposable {
  readonly #worker: Worker;
  readonly #maxPlanningMiB: number;
  readonly #ended = new AbortController();

  /** Bytes of heap that the thread holds for its supergraph. */
  #heldBytes = 0;

  private constructor({ supergraphSdl, maxPlanningMiB }: PlannerThreadOptions) {
    const workerData: PlannerThreadData = { supergraphSdl };
    this.#maxPlanningMiB = maxPlanningMiB;
    this.#worker = new Worker(new URL('planner-worker.ts', import.meta.url), {
      name: 'planner',
      workerData,
      // It needs none of the process's secrets.
      env: {},
      resourceLimits: { maxOldGenerationSizeMb: hardLimitMiB },
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
  static async start(options: PlannerThreadOptions): Promise<PlannerThread> {
    const thread = new PlannerThread(options);
    try {
      await thread.#nextMessage();
      thread.#heldBytes = (await thread.#worker.getHeapStatistics()).used_heap_size;
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
   * @throws {PlanningOverrunError} after `budgetMs` milliseconds, or when it takes too much memory; the thread has ended then
   * @throws {PlanningError} when the thread ends for another reason
   */
  async plan(text: string, budgetMs: number): Promise<PlannerAnswer> {
    if (this.hasEnded) throw toPlanningError(this.#ended.signal.reason);
    const budget = AbortSignal.timeout(budgetMs);
    const excess = new AbortController();
    using _watch = watchHeap(this.#worker, this.#heldBytes + this.#maxPlanningMiB * bytesPerMiB, () => excess.abort());
    this.#worker.postMessage(text, []);
    try {
      const message = await this.#nextMessage(budget, excess.signal);
      if (message.kind === 'ready') throw new PlanningError('The planner answered out of turn.');
      return message;
    } catch (error) {
      await this[Symbol.asyncDispose]();
      if (budget.aborted) throw new PlanningOverrunError('time', `${budgetMs} ms`, { cause: error });
      if (excess.signal.aborted || isOutOfMemory(error))
        throw new PlanningOverrunError('memory', `${this.#maxPlanningMiB} MiB`, { cause: error });
      throw toPlanningError(error);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker.terminate();
  }

  async #nextMessage(...limits: readonly AbortSignal[]): Promise<PlannerMessage> {
    const signal = AbortSignal.any([this.#ended.signal, ...limits]);
    try {
      const [message]: PlannerMessage[] = await once(this.#worker, 'message', { signal });
      if (!message) throw new PlanningError('The planner said nothing.');
      return message;
    } catch (error) {
      throw this.hasEnded ? this.#ended.signal.reason : error;
    }
  }
}

function isOutOfMemory(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY';
}

function toPlanningError(error: unknown): Error {
  return error instanceof PlanningError ? error : new PlanningError('The planner has failed.', { cause: error });
}
