import { abandonable } from '@tenantry/service';
import type { ExecutionResult } from 'graphql';
import type { OperationResult } from '../execution/operation-result.ts';
import { toExecutionResult } from './presentation.ts';

/** How an operation ended: of itself, because its client has left it, or for an error. */
export type Ending = 'completed' | 'left' | 'failed';

export interface RunningOperationOptions {
  readonly results: AsyncIterable<OperationResult>;
  /** Aborted when the operation ends, for whatever reason. Aborted from outside, it ends the operation with its reason. */
  readonly ending: AbortController;
  onResult(): void;
  onEnd(how: Ending): void;
}

/** The reason of an end that the client has brought about. */
export const leftByClient = new Error('The client has left the operation.');

const over = { done: true, value: undefined } as const;

/** The results of an operation under way, for one reader. `return()` ends it at once, also while a result is waited for. */
export class RunningOperation implements AsyncGenerator<ExecutionResult, undefined, undefined> {
  readonly #options: RunningOperationOptions;
  readonly #results: AsyncIterator<OperationResult>;
  #isReleased = false;
  #isReadToTheEnd = false;

  constructor(options: RunningOperationOptions) {
    const { results, ending } = options;
    this.#options = options;
    this.#results = results[Symbol.asyncIterator]();
    const onAbort = () => this.#release(ending.signal.reason === leftByClient ? 'left' : 'failed');
    ending.signal.addEventListener('abort', onAbort, { once: true });
    if (ending.signal.aborted) onAbort();
  }

  /** @throws what the operation ends with */
  async next(): Promise<IteratorResult<ExecutionResult, undefined>> {
    if (this.#isReadToTheEnd) return over;
    try {
      return await this.#nextResult();
    } catch (error) {
      this.#isReadToTheEnd = true;
      this.#release('failed');
      if (error === leftByClient) return over;
      throw error;
    }
  }

  async return(): Promise<IteratorResult<ExecutionResult, undefined>> {
    this.#isReadToTheEnd = true;
    this.#options.ending.abort(leftByClient);
    return over;
  }

  async throw(error: unknown): Promise<IteratorResult<ExecutionResult, undefined>> {
    await this.return();
    throw error;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async #nextResult(): Promise<IteratorResult<ExecutionResult, undefined>> {
    const { signal } = this.#options.ending;
    signal.throwIfAborted();
    const { done, value } = await abandonable(this.#results.next(), signal);
    if (!done) {
      this.#options.onResult();
      return { done: false, value: toExecutionResult(value) };
    }
    this.#isReadToTheEnd = true;
    this.#release('completed');
    return over;
  }

  /** What the results still wait for is not waited for. */
  #release(how: Ending): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    this.#options.onEnd(how);
    this.#options.ending.abort(leftByClient);
    this.#results.return?.().catch(() => {});
  }
}
