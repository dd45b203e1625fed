import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freeGrant, type QueryReport } from '../handles/grant.ts';
import { createTenantClients } from '../handles/tenant-clients.ts';
import { openTenantAdapter } from '../testing/tenant-adapters.ts';
import { createTenantDatabases, type TenantDatabases } from '../testing/tenant-databases.ts';
import type { Attempt, Texts } from './attempt.ts';
import { Exchange } from './exchange.ts';
import { fuzzOperations } from './fuzz-operations.ts';
import { markedId, markedText, markOf } from './marks.ts';
import { PoolTarget } from './pool-target.ts';
import { runFuzz } from './run-fuzz.ts';
import { foreignRows, seedTenants, sharedUserIds } from './seeded-tenants.ts';

const tenants = 10;
const ofMongoDb = new Set(['findRaw', 'aggregateRaw']);
const seed = Date.now() % 2 ** 32;

let databases: TenantDatabases;

beforeAll(async () => {
  databases = await createTenantDatabases(tenants);
  await seedTenants(databases);
});
afterAll(async () => await databases?.[Symbol.asyncDispose]());

describe.each(['shared-client', 'client-per-tenant'] as const)('over a %s', (strategy) => {
  test(
    `no operation reaches another tenant, while tenants are evicted, suspended and rotated (seed ${seed})`,
    { timeout: 120_000 },
    async () => {
      await using target = await PoolTarget.open(databases, strategy);
      const operations = 1200;
      const report = await runFuzz(target, { operations, seed });
      expect(report.wrong.first).toEqual([]);
      expect(report.unexpected.first).toEqual([]);
      expect(await foreignRows(databases)).toEqual([]);
      expect(report.right).toBeGreaterThan(operations / 2);
      expect([...report.rightOf.keys()].toSorted()).toEqual(fuzzOperations.map(([name]) => name).toSorted());
      expect(Object.values(target.disturbances).every((count) => count > 0)).toBe(true);
    },
  );
});

test('every action of a model, and all raw SQL, is among the operations', async () => {
  const seen = new Set<string>();
  const grant = { ...freeGrant, onQuery: ({ operation }: QueryReport) => void seen.add(operation) };
  await using opened = await openTenantAdapter(databases, databases.tenant(0));
  await using clients = createTenantClients({ transactionWaitMs: 5000 });
  const db = clients.open(opened.adapter).handleFor(grant);
  const [userId = ''] = sharedUserIds;
  const late: Promise<Texts>[] = [];
  const attempt: Attempt = {
    db,
    mark: markOf(0),
    userId,
    freshId: () => markedId(0),
    freshText: () => markedText(0),
    exchange: new Exchange(),
    returnLease: async () => {},
    later: (texts) => void late.push(texts),
  };
  for (const [name, operation] of fuzzOperations) {
    const texts = [await operation(attempt), ...(await Promise.all(late.splice(0)))].flat();
    expect({ name, strays: texts.filter((text) => !text?.includes(attempt.mark)) }).toEqual({ name, strays: [] });
  }
  const methods = Object.entries(db.user).flatMap(([name, member]) => (typeof member === 'function' ? [name] : []));
  const actions = methods.filter((name) => !ofMongoDb.has(name));
  expect(actions.length).toBeGreaterThan(15);
  for (const action of [...actions, '$read', '$queryRaw', '$queryRawUnsafe', '$executeRaw', '$executeRawUnsafe', '$transaction']) {
    expect(seen).toContain(action);
  }
});
