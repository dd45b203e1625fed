import { afterAll, beforeAll, expect, test } from 'vitest';
import { Progress } from '../progress.ts';
import { tenantry } from './contenders/tenantry.ts';
import { openGatewayFixture, type GatewayFixture } from './fixture.ts';
import { scenarios } from './suite.ts';

const progress = new Progress(null);
const { signal } = new AbortController();
const options = { rounds: 1, quick: true, soakMs: 1000, seed: 1, progress, signal };

let fixture: GatewayFixture;

// The others are not there before somebody runs the benchmark.
beforeAll(async () => void (fixture = await openGatewayFixture({ ...options, contenders: [tenantry] })));
afterAll(async () => await fixture?.[Symbol.asyncDispose]());

/** Each that has something of its own; the other workloads differ in what they ask for, which has a test of its own. */
const ownScenarios = scenarios.filter(({ name }) => ['two-hops', 'overall', 'in-process', 'stack'].includes(name));

test.each(ownScenarios)('$name runs for ours, which answers all of it rightly', { timeout: 120_000 }, async ({ run }) => {
  const { rows } = await run({ ...options, fixture });
  expect(rows.length).toBeGreaterThan(0);
  expect(rows.filter(({ value }) => value !== null && !Number.isFinite(value))).toEqual([]);
});
