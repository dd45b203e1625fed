import { setTimeout as delay } from 'node:timers/promises';

/** @returns after `ms` milliseconds true, or false as soon as `signal` aborts */
export async function elapsed(ms: number, signal: AbortSignal): Promise<boolean> {
  try {
    await delay(ms, undefined, { signal });
    return true;
  } catch {
    return false;
  }
}
