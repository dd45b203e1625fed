import { afterAll, beforeAll, expect, test } from 'vitest';
import { Progress } from '../progress.ts';
import { openContender } from './contenders/open.ts';
import { openPoolFixture, type PoolFixture } from './fixture.ts';
import { scenarios } from './suite.ts';
import { listUsers } from './workload.ts';

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

test.each([true, false])('a bare client keeps statements prepared: %s', async (keepsStatements) => {
  const tenants = [...(await fixture.tenants(1))];
  await using contender = await openContender({ kind: 'map', connectionsPerTenant: 1, keepsStatements }, tenants);
  const kept = await contender.use(tenants[0]?.tenantId ?? '', async (db) => {
    await listUsers(db);
    return await db.$queryRaw<unknown[]>`SELECT name FROM pg_prepared_statements WHERE statement LIKE '%users%'`;
  });
  expect(kept).toHaveLength(keepsStatements ? 1 : 0);
});
