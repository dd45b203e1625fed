import { expect } from 'vitest';

/** Waits for what comes about soon and tells nobody. */
export async function eventually(condition: () => Promise<boolean> | boolean): Promise<void> {
  await expect.poll(condition, { timeout: 5000, interval: 10 }).toBe(true);
}
