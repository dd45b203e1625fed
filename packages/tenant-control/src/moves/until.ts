import { setTimeout as sleep } from 'node:timers/promises';

export interface UntilOptions {
  /** Milliseconds between looks. */
  readonly intervalMs: number;
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
}

/** Looks until `isSo`. @returns false when it was not in time @throws the signal's reason */
export async function until(isSo: () => Promise<boolean>, { intervalMs, deadlineMs, signal }: UntilOptions): Promise<boolean> {
  const deadline = performance.now() + deadlineMs;
  while (!(await isSo())) {
    if (performance.now() >= deadline) return false;
    signal.throwIfAborted();
    await sleep(intervalMs);
  }
  return true;
}
