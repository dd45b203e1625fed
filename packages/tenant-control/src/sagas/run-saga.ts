import type { Logger } from '@tenantry/service';
import type { ClaimedSaga, StepReport } from './claimed-saga.ts';
import { SagaError, SagaLostError } from './errors.ts';
import type { FaultPoint, ReachFaultPoint, SagaDefinition, SagaStep } from './saga.ts';

export interface RunOptions {
  logger: Logger;
  reachFaultPoint?: ReachFaultPoint | undefined;
}

/** Milliseconds until a saga that is left for now is taken up again: doubled each time, up to five minutes. */
const firstDelayMs = 1000;
const longestDelayMs = 300_000;

/**
 * Runs a saga from where it was left to its end.
 *
 * @throws {SagaError} when a step failed
 * @throws {SagaLostError} when another process took it over
 */
export async function runSaga<Context extends AsyncDisposable>(
  saga: ClaimedSaga,
  definition: SagaDefinition<Context>,
  options: RunOptions,
): Promise<void> {
  await new SagaRun(saga, definition, options).toItsEnd();
}

class SagaRun<Context extends AsyncDisposable> {
  readonly #saga: ClaimedSaga;
  readonly #definition: SagaDefinition<Context>;
  readonly #steps: readonly SagaStep<Context>[];
  readonly #options: RunOptions;
  /** The step that is being run or undone. */
  #current: Pick<FaultPoint, 'step' | 'direction'> = { step: '', direction: 'run' };

  constructor(saga: ClaimedSaga, definition: SagaDefinition<Context>, options: RunOptions) {
    this.#saga = saga;
    this.#definition = definition;
    this.#steps = definition.steps(saga);
    this.#options = options;
  }

  async toItsEnd(): Promise<void> {
    await using context = await this.#definition.open(this.#saga, async () => await this.#reach('during'));
    const failure = this.#saga.state === 'RUNNING' ? await this.#forward(context) : null;
    if (this.#saga.state === 'UNDOING') await this.#back(context, failure);
  }

  /** @returns the failure for which all has to be undone; null when all is done */
  async #forward(context: Context): Promise<SagaError | null> {
    const begun = await this.#saga.begunSteps();
    const todo = this.#steps.map((step, position) => ({ step, position })).filter(({ position }) => begun.get(position) !== 'DONE');
    // Told together with the beginning of the next step, so that what a step costs beside its own work is a single write.
    let done: StepReport[] = [];
    for (const { step, position } of todo) {
      const { name } = step;
      await this.#saga.report(...done, { position, name, state: 'RUNNING' });
      this.#current = { step: name, direction: 'run' };
      try {
        await this.#reach('before');
        await step.run(context);
        await this.#reach('after');
      } catch (cause) {
        return await this.#fail(position, name, cause);
      }
      done = [{ position, name, state: 'DONE' }];
    }
    await this.#saga.report(...done);
    await this.#saga.finish('DONE');
    return null;
  }

  /** @throws {SagaError} when there is no way back */
  async #fail(position: number, name: string, cause: unknown): Promise<SagaError> {
    this.#throwIfLost(cause);
    const error = messageOf(cause);
    await this.#saga.report({ position, name, state: 'FAILED', error });
    if (this.#isBeyondReturn(position)) {
      await this.#saga.defer(this.#delayMs(), error);
      throw new SagaError(name, 'deferred', cause);
    }
    await this.#saga.turnBack(name, error);
    return new SagaError(name, 'undone', cause);
  }

  async #back(context: Context, failure: SagaError | null): Promise<void> {
    const begun = await this.#saga.begunSteps();
    const steps = this.#steps.map((step, position) => ({ step, position })).toReversed();
    for (const { step, position } of steps) {
      const state = begun.get(position);
      if (state === undefined || state === 'UNDONE') continue;
      const { name } = step;
      this.#current = { step: name, direction: 'undo' };
      try {
        await this.#reach('before');
        await step.undo(context);
        await this.#reach('after');
      } catch (cause) {
        return await this.#getStuck(context, name, cause, failure);
      }
      await this.#saga.report({ position, name, state: 'UNDONE' });
    }
    await this.#saga.finish('UNDONE');
    if (failure) throw failure;
  }

  async #getStuck(context: Context, name: string, cause: unknown, failure: SagaError | null): Promise<never> {
    this.#throwIfLost(cause);
    const { id, kind } = this.#saga;
    this.#options.logger.error({ err: cause, saga: id, kind, step: name }, 'a step could not be undone; it is tried again');
    await this.#definition.onStuck?.(context, name);
    await this.#saga.defer(this.#delayMs(), messageOf(cause));
    throw new SagaError(failure?.step ?? name, 'stuck', failure?.cause ?? cause);
  }

  #isBeyondReturn(position: number): boolean {
    const first = this.#steps.findIndex(({ name }) => name === this.#definition.pointOfNoReturn);
    return first !== -1 && position >= first;
  }

  #delayMs(): number {
    return Math.min(firstDelayMs * 2 ** (this.#saga.attempt - 1), longestDelayMs);
  }

  #throwIfLost(error: unknown): void {
    if (error instanceof SagaLostError) throw error;
    this.#saga.signal.throwIfAborted();
  }

  async #reach(at: FaultPoint['at']): Promise<void> {
    const { kind, tenantId } = this.#saga;
    await this.#options.reachFaultPoint?.({ ...this.#current, at, saga: kind, tenantId });
    this.#saga.signal.throwIfAborted();
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
