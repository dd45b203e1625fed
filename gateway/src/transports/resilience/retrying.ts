import { setTimeout as delay } from 'node:timers/promises';
import { isTransient } from './failures.ts';
import type { RetryBudget } from './retry-budget.ts';

/** Attempts at most, the first included. */
const maxAttempts = 3;

/** Milliseconds before the first retry at most; doubled for the next. */
const baseDelayMs = 50;

export interface RetryOptions {
  readonly budget: RetryBudget;
  /** Told of each retry, before it is made. */
  readonly onRetry: () => void;
  /** From 0 to 1. */
  readonly random: () => number;
}

/**
 * Attempts again what had no answer, after a delay of "full jitter" (M. Brooker, "Exponential Backoff And Jitter").
 *
 * @param signal ends the attempts: nobody waits any longer, or there is no time left
 */
export async function retrying<Result>(
  attempt: (signal: AbortSignal) => Promise<Result>,
  signal: AbortSignal,
  { budget, onRetry, random }: RetryOptions,
): Promise<Result> {
  for (let attempts = 1; ; attempts++) {
    try {
      return await attempt(signal);
    } catch (error) {
      if (attempts === maxAttempts || !isTransient(error) || signal.aborted || !budget.spend()) throw error;
      onRetry();
      await delay(random() * baseDelayMs * 2 ** (attempts - 1), undefined, { signal });
    }
  }
}
