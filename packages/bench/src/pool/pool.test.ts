import { afterAll, beforeAll, expect, test } from 'vitest';
import { Progress } from '../progress.ts';
import { openPoolFixture, type PoolFixture } from './fixture.ts';
import { scenarios } from './suite.ts';

const progress = new Progress(null);
const { signal } = new AbortController();
const options = { rounds: 1, quick: true, soakMs: 1000, seed: 1, progress, signal };

let fixture: PoolFixture;

beforeAll(async () => {
  fixture = await openPoolFixture(options);
});
afterAll(async () => await fixture?.[Symbol.asyncDispose]());

test.each(scenarios)('$name runs, measures each of its figures, and has no request of ours fail', { timeout: 120_000 }, async ({ run }) => {
  const { rows } = await run({ ...options, fixture });
  expect(rows.length).toBeGreaterThan(0);
  expect(rows.filter(({ value }) => value !== null && !Number.isFinite(value))).toEqual([]);
  expect(rows.filter(({ value, target }) => target?.text === '0' && value !== 0)).toEqual([]);
});
