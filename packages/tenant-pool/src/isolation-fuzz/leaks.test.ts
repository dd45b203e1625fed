import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { createTenantDatabases, type TenantDatabases } from '../testing/tenant-databases.ts';
import { openLeakingTarget } from './leaking-target.ts';
import { runFuzz } from './run-fuzz.ts';
import { foreignRows, seedTenants } from './seeded-tenants.ts';

const seed = 1;

let databases: TenantDatabases;

beforeAll(async () => {
  databases = await createTenantDatabases(4);
  await seedTenants(databases);
});
afterAll(async () => await databases?.[Symbol.asyncDispose]());

describe('a leak is found', () => {
  test('where a row of one tenant is in the database of another', async () => {
    const placement = databases.tenant(0);
    const stray = `INSERT INTO teams (id, name, updated_at) VALUES ('00000001-0000-4000-8000-000000000000', 'of tenant-001', now())`;
    await databases.within(placement, stray);
    onTestFinished(async () => void (await databases.within(placement, `DELETE FROM teams WHERE name = 'of tenant-001'`)));
    expect(await foreignRows(databases)).toEqual(['tenant-000: teams 00000001-0000-4000-8000-000000000000']);
  });

  test('where unique lookups are sent as they are, as Prisma then batches those of several tenants', async () => {
    await using target = await openLeakingTarget(databases, 'batches');
    const report = await runFuzz(target, { operations: 600, seed });
    expect(report.wrong.count).toBeGreaterThan(10);
  });

  test('where tenants share a client that only switches adapters', async () => {
    await using target = await openLeakingTarget(databases, 'switching');
    const report = await runFuzz(target, { operations: 600, seed });
    expect(report.wrong.count).toBeGreaterThan(10);
  });
});
