import type { Logger } from '@tenantry/service';
import type { ClaimedSaga, SagaFailure } from './claimed-saga.ts';
import { SagaError, SagaLeftError, SagaLostError } from './errors.ts';
import { nextPosition, type BegunSteps, type StepReport } from './saga-steps.ts';
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
 * @throws {SagaLeftError} when another process has to go on with it
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
    let next = nextPosition(begun);
    // Told together with what comes next, so that what a step costs beside its own work is a single write.
    let done: StepReport[] = [];
    for (const step of this.#steps) {
      const { name } = step;
      const found = begun.get(name);
      if (found?.state === 'DONE') continue;
      const position = found?.position ?? next++;
      const stored = this.#saga.report(...done, { position, name, state: 'RUNNING' });
      if (!step.beginsAtOnce) await stored;
      this.#current = { step: name, direction: 'run' };
      const [storing, running] = await Promise.allSettled([stored, this.#run(step, context)]);
      if (storing.status === 'rejected') throw storing.reason;
      if (running.status === 'rejected') return await this.#fail(step, position, running.reason, this.#isBeyondReturn(step, begun));
      done = [{ position, name, state: 'DONE' }];
    }
    await this.#saga.finish('DONE', ...done);
    return null;
  }

  async #run(step: SagaStep<Context>, context: Context): Promise<void> {
    await this.#reach('before');
    await step.run(context);
    await this.#reach('after');
  }

  /** @throws {SagaError} when there is no way back {SagaLeftError} when it did not fail */
  async #fail({ name }: SagaStep<Context>, position: number, cause: unknown, isBeyondReturn: boolean): Promise<SagaError> {
    this.#throwIfLost(cause);
    if (cause instanceof SagaLeftError) {
      await this.#saga.release();
      throw cause;
    }
    const failure = this.#failureOf(name, cause);
    await this.#saga.report({ position, name, state: 'FAILED', error: failure.error });
    if (isBeyondReturn) {
      await this.#saga.defer(failure, this.#delayMs());
      throw new SagaError(name, 'deferred', cause);
    }
    await this.#saga.turnBack(failure);
    return new SagaError(name, 'undone', cause);
  }

  async #back(context: Context, failure: SagaError | null): Promise<void> {
    const begun = await this.#saga.begunSteps();
    for (const step of this.#steps.toReversed()) {
      const { name } = step;
      const found = begun.get(name);
      if (!found || found.state === 'UNDONE') continue;
      this.#current = { step: name, direction: 'undo' };
      try {
        await this.#reach('before');
        await step.undo(context);
        await this.#reach('after');
      } catch (cause) {
        return await this.#getStuck(context, name, cause, failure);
      }
      await this.#saga.report({ position: found.position, name, state: 'UNDONE' });
    }
    await this.#saga.finish('UNDONE');
    if (failure) throw failure;
  }

  async #getStuck(context: Context, name: string, cause: unknown, failure: SagaError | null): Promise<never> {
    this.#throwIfLost(cause);
    const { id, kind } = this.#saga;
    this.#options.logger.error({ err: cause, saga: id, kind, step: name }, 'a step could not be undone; it is tried again');
    await this.#definition.onStuck?.(context, name);
    await this.#saga.defer(this.#failureOf(name, cause), this.#delayMs());
    throw new SagaError(failure?.step ?? name, 'stuck', failure?.cause ?? cause);
  }

  /** @param begun the steps that were begun by earlier attempts: a later version may have put `step` before the point of no return */
  #isBeyondReturn(step: SagaStep<Context>, begun: BegunSteps): boolean {
    const first = this.#steps.findIndex(({ name }) => name === this.#definition.pointOfNoReturn);
    return first !== -1 && (this.#steps.indexOf(step) >= first || begun.has(this.#steps[first]?.name ?? ''));
  }

  #failureOf(step: string, cause: unknown): SagaFailure {
    const { kind } = this.#saga;
    const action = this.#definition.action?.(this.#saga) ?? `tenant.${kind.toLowerCase()}`;
    return { action, step, error: messageOf(cause) };
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

/** Postgres takes no text with NUL, and a failure that cannot be stored would never be undone. */
function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replaceAll('\0', '');
}
