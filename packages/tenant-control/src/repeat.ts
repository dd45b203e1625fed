import type { Logger } from '@tenantry/service';

export interface RepeatOptions {
  /** Milliseconds from the end of one time to the beginning of the next. */
  everyMs: number;
  logger: Logger;
}

export interface Repeated extends AsyncDisposable {
  /** Asks for a time sooner than the next one that is due; after the present one, if there is one. */
  soon(): void;
}

/** Does `work` again and again, one at a time, until it is disposed of, which waits for the last. What fails is logged. */
export function repeat(work: () => Promise<void>, { everyMs, logger }: RepeatOptions): Repeated {
  let underWay: Promise<void> | null = null;
  let isWantedSoon = false;
  let isStopped = false;
  let timer = setTimeout(begin, everyMs).unref();

  function begin(): void {
    isWantedSoon = false;
    underWay = work()
      .catch((err: unknown) => logger.error({ err }, 'what is done again and again has failed; it is tried again'))
      .finally(() => {
        underWay = null;
        if (!isStopped) timer = setTimeout(begin, isWantedSoon ? 0 : everyMs).unref();
      });
  }

  return {
    soon: () => {
      isWantedSoon = true;
      if (underWay || isStopped) return;
      clearTimeout(timer);
      timer = setTimeout(begin, 0).unref();
    },
    [Symbol.asyncDispose]: async () => {
      isStopped = true;
      clearTimeout(timer);
      await underWay;
    },
  };
}
