import { ConfigError } from './config.ts';
import type { Logger } from './logger.ts';

/** Milliseconds that a clean stop may take before the process gives up on it. */
const stopDeadlineMs = 20_000;

/** Exit status of a process that could not be configured (`EX_CONFIG` of sysexits.h). */
const configErrorStatus = 78;

/**
 * Runs a service until SIGINT or SIGTERM, then disposes of it. A second signal, or a stop that outlasts its deadline, ends the
 * process at once. A {@link ConfigError} is printed as it is, without a stack.
 */
export async function runService(start: () => Promise<AsyncDisposable>, logger?: Logger): Promise<void> {
  const stopSignal = nextStopSignal();
  try {
    await using _service = await start();
    const signal = await stopSignal;
    logger?.info({ signal }, 'stopping');
    setTimeout(() => abandon(logger, `the stop took more than ${stopDeadlineMs} ms`), stopDeadlineMs).unref();
    void nextStopSignal().then(() => abandon(logger, 'a second signal came'));
  } catch (error) {
    report(error, logger);
    process.exitCode = error instanceof ConfigError ? configErrorStatus : 1;
  }
}

function nextStopSignal(): Promise<NodeJS.Signals> {
  const { promise, resolve } = Promise.withResolvers<NodeJS.Signals>();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, resolve);
  return promise;
}

function abandon(logger: Logger | undefined, reason: string): never {
  logger?.error({ reason }, 'stopped uncleanly');
  process.exit(1);
}

function report(error: unknown, logger: Logger | undefined): void {
  if (error instanceof ConfigError) console.error(error.message);
  else if (logger) logger.fatal({ err: error }, 'could not start');
  else console.error(error);
}
