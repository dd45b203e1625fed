/** How a call ended. `abandoned`: nobody waited for its answer any longer. */
export type CallEnd<Result> =
  | { readonly kind: 'answered'; readonly result: Result }
  | { readonly kind: 'failed'; readonly error: unknown }
  | { readonly kind: 'timed-out'; readonly error: unknown }
  | { readonly kind: 'abandoned' };

export interface SharedCallOptions<Result> {
  /** Milliseconds until the call fails. */
  readonly timeoutMs: number;
  /** Copies a result, for each who waits for it but the first. */
  readonly copy: (result: Result) => Result;
  /** Told once how the call ended, before those who wait are. Must not throw. */
  readonly onEnd: (end: CallEnd<Result>) => void;
}

interface Waiter<Result> {
  readonly resolve: (result: Result) => void;
  readonly reject: (reason: unknown) => void;
  readonly signal: AbortSignal;
  readonly onAbort: () => void;
}

/**
 * A call under way and all who wait for its answer, each by themselves: who goes away leaves it to the others. When nobody is left, or
 * its time is over, it ends at once and what it started is aborted.
 */
export class SharedCall<Result> {
  readonly #options: SharedCallOptions<Result>;
  readonly #controller = new AbortController();
  readonly #deadline: NodeJS.Timeout;
  #waiters: Waiter<Result>[] = [];
  #hasEnded = false;

  /** @param start makes the call, once; its signal is aborted when the call has ended before */
  constructor(start: (signal: AbortSignal) => Promise<Result>, options: SharedCallOptions<Result>) {
    this.#options = options;
    this.#deadline = setTimeout(() => this.#expire(), options.timeoutMs);
    start(this.#controller.signal).then(
      (result) => this.#succeed(result),
      (error: unknown) => this.#fail({ kind: 'failed', error }, error),
    );
  }

  /**
   * Must be called before the call has ended.
   *
   * @param signal of the one who waits; rejects with its reason
   */
  wait(signal: AbortSignal): Promise<Result> {
    const { promise, resolve, reject } = Promise.withResolvers<Result>();
    const waiter: Waiter<Result> = { resolve, reject, signal, onAbort: () => this.#leave(waiter) };
    this.#waiters.push(waiter);
    signal.addEventListener('abort', waiter.onAbort);
    if (signal.aborted) this.#leave(waiter);
    return promise;
  }

  #leave(waiter: Waiter<Result>): void {
    this.#waiters = this.#waiters.filter((other) => other !== waiter);
    dismiss(waiter);
    waiter.reject(waiter.signal.reason);
    if (this.#waiters.length > 0 || this.#hasEnded) return;
    this.#end({ kind: 'abandoned' });
    this.#controller.abort(waiter.signal.reason);
  }

  #succeed(result: Result): void {
    if (this.#hasEnded) return;
    this.#end({ kind: 'answered', result });
    const [first, ...others] = this.#waiters;
    // All copies are made before the first is told, who may change what it gets.
    for (const waiter of others) this.#tell(waiter, () => waiter.resolve(this.#options.copy(result)));
    if (first) this.#tell(first, () => first.resolve(result));
  }

  #expire(): void {
    const error = new DOMException(`The timeout of ${this.#options.timeoutMs} ms is over.`, 'TimeoutError');
    this.#fail({ kind: 'timed-out', error }, error);
    this.#controller.abort(error);
  }

  #fail(end: CallEnd<Result>, error: unknown): void {
    if (this.#hasEnded) return;
    this.#end(end);
    for (const waiter of this.#waiters) this.#tell(waiter, () => waiter.reject(error));
  }

  #end(end: CallEnd<Result>): void {
    this.#hasEnded = true;
    clearTimeout(this.#deadline);
    this.#options.onEnd(end);
  }

  #tell(waiter: Waiter<Result>, tell: () => void): void {
    dismiss(waiter);
    try {
      tell();
    } catch (error) {
      waiter.reject(error);
    }
  }
}

function dismiss<Result>({ signal, onAbort }: Waiter<Result>): void {
  signal.removeEventListener('abort', onAbort);
}
