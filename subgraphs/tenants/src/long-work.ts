import { setTimeout as sleep } from 'node:timers/promises';

/** Milliseconds that a mutation waits for work that may take long. The gateway waits 10 seconds for a subgraph's answer. */
export const patienceMs = 8000;

/**
 * What long work has come to, if it is quick. It goes on when nobody waits for it any more, and its own record then tells how it ends.
 *
 * @param patience milliseconds
 * @returns null when it is still under way
 */
export async function ifQuick<Result>(work: Promise<Result>, patience: number): Promise<Result | null> {
  const waiting = new AbortController();
  const late = sleep(patience, null, { signal: waiting.signal }).catch(() => null);
  try {
    return await Promise.race([work, late]);
  } finally {
    waiting.abort();
    // It is on record what becomes of it.
    work.catch(() => {});
  }
}
