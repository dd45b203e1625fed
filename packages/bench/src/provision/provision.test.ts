import { afterAll, beforeAll, expect, test } from 'vitest';
import { Progress } from '../progress.ts';
import { openProvisionFixture, type ProvisionFixture } from './fixture.ts';
import { scenarios } from './suite.ts';

const progress = new Progress(null);
const { signal } = new AbortController();
const options = { rounds: 1, quick: true, soakMs: 1000, seed: 1, progress, signal };

let fixture: ProvisionFixture;

beforeAll(async () => void (fixture = await openProvisionFixture(options)));
afterAll(async () => await fixture?.[Symbol.asyncDispose]());

test.each(scenarios)('$name runs, and measures each of its figures', { timeout: 120_000 }, async ({ run }) => {
  const { rows } = await run({ ...options, fixture });
  expect(rows.length).toBeGreaterThan(0);
  expect(rows.filter(({ value }) => value === null || !Number.isFinite(value))).toEqual([]);
});
