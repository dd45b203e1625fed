/** Raised when another process has taken a saga over: this one must not touch it any more. */
export class SagaLostError extends Error {
  override readonly name = 'SagaLostError';

  constructor(id: string) {
    super(`The saga ${id} was taken over by another process.`);
  }
}

/** Raised by a step that waits in a process which is stopping: it has not failed, and another process goes on with it. */
export class SagaLeftError extends Error {
  override readonly name = 'SagaLeftError';

  constructor(id: string) {
    super(`The saga ${id} was left to another process: this one is stopping.`);
  }
}

/** Raised when a step failed. {@link SagaError.outcome} says what became of those before it. */
export class SagaError extends Error {
  override readonly name = 'SagaError';
  readonly step: string;
  /** `undone`: nothing is left of it. `stuck`: undoing failed, too, and is tried again. `deferred`: the step is tried again. */
  readonly outcome: 'undone' | 'stuck' | 'deferred';

  constructor(step: string, outcome: SagaError['outcome'], cause: unknown) {
    super(`The step "${step}" failed.`, { cause });
    this.step = step;
    this.outcome = outcome;
  }
}
