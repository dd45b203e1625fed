import { StartError } from './errors.ts';
import type { Logger } from './logger.ts';

/** Milliseconds that a clean stop may take before the process gives up on it. */
const stopDeadlineMs = 20_000;

/** Milliseconds after a first signal in which another is the same one: package managers pass on what the terminal also sends. */
const echoMs = 1000;

/** As {@link serveUntilStopped}, in a process of its own: what it throws is reported, a {@link StartError} as it is, without a stack. */
export async function runService(start: () => Promise<AsyncDisposable>, logger?: Logger): Promise<void> {
  try {
    await serveUntilStopped(start, logger);
  } catch (error) {
    report(error, logger);
    process.exitCode = error instanceof StartError ? error.exitStatus : 1;
  }
}

/**
 * Runs a service until SIGINT or SIGTERM, then disposes of it. A second signal, or a stop that outlasts its deadline, ends the process at
 * once.
 *
 * @throws what `start` throws, and what the disposal does
 */
export async function serveUntilStopped(start: () => Promise<AsyncDisposable>, logger?: Logger): Promise<void> {
  using stopSignal = listenForStopSignal(() => abandon(logger, 'a second signal came'));
  await using _service = await start();
  const signal = await stopSignal.first;
  logger?.info({ signal }, 'stopping');
  setTimeout(() => abandon(logger, `the stop took more than ${stopDeadlineMs} ms`), stopDeadlineMs).unref();
}

function listenForStopSignal(onSecond: () => void): Disposable & { first: Promise<NodeJS.Signals> } {
  const { promise: first, resolve } = Promise.withResolvers<NodeJS.Signals>();
  let firstAt: number | null = null;
  const listener = (signal: NodeJS.Signals): void => {
    firstAt ??= performance.now();
    resolve(signal);
    if (performance.now() - firstAt > echoMs) onSecond();
  };
  const signals = ['SIGINT', 'SIGTERM'] as const;
  for (const signal of signals) process.on(signal, listener);
  return {
    first,
    [Symbol.dispose]: () => {
      for (const signal of signals) process.off(signal, listener);
    },
  };
}

function abandon(logger: Logger | undefined, reason: string): never {
  logger?.error({ reason }, 'stopped uncleanly');
  process.exit(1);
}

function report(error: unknown, logger: Logger | undefined): void {
  if (error instanceof StartError) console.error(error.message);
  else if (logger) logger.fatal({ err: error }, 'the service has failed');
  else console.error(error);
}
