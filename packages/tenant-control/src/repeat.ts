import type { Logger } from '@tenantry/service';

export interface RepeatOptions {
  /** Milliseconds from the end of one time to the beginning of the next. */
  everyMs: number;
  logger: Logger;
}

/** Does `work` again and again, one at a time, until it is disposed of, which waits for the last. What fails is logged. */
export function repeat(work: () => Promise<void>, { everyMs, logger }: RepeatOptions): AsyncDisposable {
  let underWay = Promise.resolve();
  let isStopped = false;
  let timer = setTimeout(begin, everyMs).unref();
  function begin(): void {
    underWay = work()
      .catch((err: unknown) => logger.error({ err }, 'what is done again and again has failed; it is tried again'))
      .finally(() => {
        if (!isStopped) timer = setTimeout(begin, everyMs).unref();
      });
  }
  return {
    [Symbol.asyncDispose]: async () => {
      isStopped = true;
      clearTimeout(timer);
      await underWay;
    },
  };
}
