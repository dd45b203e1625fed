import { expect, test } from 'vitest';
import { Progress } from '../progress.ts';
import { scenarios } from './suite.ts';

const { signal } = new AbortController();
const options = { rounds: 1, quick: true, soakMs: 1000, seed: 1, progress: new Progress(null), signal };

test.each(scenarios)('$name runs, checks its answers, and measures each of its figures', { timeout: 120_000 }, async ({ run }) => {
  await using fixture = new AsyncDisposableStack();
  const { rows } = await run({ ...options, fixture });
  expect(rows.length).toBeGreaterThan(0);
  expect(rows.filter(({ value }) => value === null || !Number.isFinite(value))).toEqual([]);
});
