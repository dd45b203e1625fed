import { setTimeout as delay } from 'node:timers/promises';
import { isTransient } from './failures.ts';
import type { RetryBudget } from './retry-budget.ts';

/** Attempts at most, the first included. */
const maxAttempts = 3;

/** Milliseconds before the first retry at most; doubled for the next. */
const baseDelayMs = 50;

export interface RetryOptions {
  readonly budget: RetryBudget;
  /** Ends the attempts: nobody waits any longer, or there is no time left. */
  readonly signal: AbortSignal;
  /** Told of each retry, before it is made. */
  readonly onRetry: () => void;
  /** From 0 to 1. */
  readonly random: () => number;
}

/** Attempts again what had no answer, after a delay of "full jitter" (M. Brooker, "Exponential Backoff And Jitter"). */
export async function retrying<Result>(attempt: () => Promise<Result>, { budget, signal, onRetry, random }: RetryOptions): Promise<Result> {
  for (let attempts = 1; ; attempts++) {
    try {
      return await attempt();
    } catch (error) {
      if (attempts === maxAttempts || !isTransient(error) || signal.aborted || !budget.spend()) throw error;
      onRetry();
      await delay(random() * baseDelayMs * 2 ** (attempts - 1), undefined, { signal });
    }
  }
}
