import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TenantPlacement } from '../directory/placement.ts';
import { TenantBusyError } from '../errors.ts';
import { eventually } from '../testing/eventually.ts';
import { openPool, settleSelfTest } from '../testing/pool-fixture.ts';
import { openSlowClosingProxy } from '../testing/slow-closing-proxy.ts';
import { createTenantDatabases, type TenantDatabases } from '../testing/tenant-databases.ts';

const operation = 'test';

let databases: TenantDatabases;
let first: TenantPlacement;
let second: TenantPlacement;
let third: TenantPlacement;

beforeAll(async () => {
  databases = await createTenantDatabases(4);
  [first, second, third] = [databases.tenant(0), databases.tenant(1), databases.tenant(2)];
});
afterAll(async () => await databases?.[Symbol.asyncDispose]());

describe('the budget of a cluster', () => {
  const limits = { connectionsPerCluster: 2, acquireDeadlineMs: 150 };

  test('is kept by closing the least recently used tenant', async () => {
    await using fixture = await openPool(databases, { limits });
    await settleSelfTest(fixture, databases);
    for (const { tenantId } of [first, second]) await (await fixture.pool.lease(tenantId, { operation }))[Symbol.asyncDispose]();
    await using lease = await fixture.pool.lease(third.tenantId, { operation });
    expect(await lease.db.user.count()).toBe(0);
    expect(await Promise.all([first, second, third].map(async (tenant) => (await databases.sessions(tenant)).length))).toEqual([0, 1, 1]);
    expect(await fixture.metric('tenantry_pool_evictions_total', { reason: 'capacity' })).toBe(1);
  });

  test('is never taken from work that runs: others get TENANT_BUSY', async () => {
    await using fixture = await openPool(databases, { limits: { ...limits, turnMs: 1 } });
    await using a = await fixture.pool.lease(first.tenantId, { operation });
    await using b = await fixture.pool.lease(second.tenantId, { operation });
    const works = [a, b].map(async ({ db }) => await db.$queryRaw`SELECT 1 AS one FROM pg_sleep(0.6)`);
    await sleep(20);
    const refused: unknown = await fixture.pool.lease(third.tenantId, { operation }).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(TenantBusyError);
    expect(refused).toMatchObject({ code: 'TENANT_BUSY', retryAfterMs: expect.any(Number) });
    expect(await Promise.all(works)).toEqual([[{ one: 1 }], [{ one: 1 }]]);
    expect(await fixture.metric('tenantry_pool_evictions_refused_total', { reason: 'working' })).toBeGreaterThan(0);
  });

  test('is never taken from an open transaction, also while it does nothing', async () => {
    await using fixture = await openPool(databases, { limits: { ...limits, connectionsPerCluster: 1, turnMs: 1 } });
    await using lease = await fixture.pool.lease(first.tenantId, { operation });
    const pids = await lease.db.$transaction(async (tx) => {
      const pid = async () => (await tx.$queryRaw<{ pid: number }[]>`SELECT pg_backend_pid() AS pid`)[0]?.pid;
      const before = await pid();
      await expect(fixture.pool.lease(second.tenantId, { operation })).rejects.toThrow(TenantBusyError);
      return [before, await pid()];
    });
    expect(pids[0]).toBe(pids[1]);
  });

  test('is lent by tenants whose leases do nothing, once they have had their turn', async () => {
    await using fixture = await openPool(databases, {
      limits: { ...limits, connectionsPerCluster: 1, acquireDeadlineMs: 5000, turnMs: 20 },
    });
    await using leases = new AsyncDisposableStack();
    const held = [];
    for (const { tenantId } of [first, second, third]) held.push(leases.use(await fixture.pool.lease(tenantId, { operation })));
    for (const round of [1, 2, 3]) {
      const names = await Promise.all(
        held.map(
          async ({ db }) =>
            (await db.$queryRaw<{ name: string }[]>`SELECT current_database()::text AS name, ${round}::int AS round`)[0]?.name,
        ),
      );
      expect(names).toEqual([first.database, second.database, third.database]);
    }
  });

  test('goes to who waits when a lease is returned', async () => {
    await using fixture = await openPool(databases, { limits: { ...limits, acquireDeadlineMs: 3000 } });
    const held = await fixture.pool.lease(first.tenantId, { operation });
    await using _other = await fixture.pool.lease(second.tenantId, { operation });
    const waiting = fixture.pool.lease(third.tenantId, { operation });
    await sleep(30);
    await held[Symbol.asyncDispose]();
    await using granted = await waiting;
    expect(await granted.db.user.count()).toBe(0);
  });

  test('goes to who waits when a busy tenant has a connection to spare', async () => {
    await using fixture = await openPool(databases, { limits: { ...limits, acquireDeadlineMs: 3000 } });
    await settleSelfTest(fixture, databases);
    await using busy = await fixture.pool.lease(first.tenantId, { operation });
    await Promise.all([1, 2].map(async () => await busy.db.$queryRaw`SELECT 1 FROM pg_sleep(0.05)`));
    expect(await databases.sessions(first)).toHaveLength(2);
    await using granted = await fixture.pool.lease(second.tenantId, { operation });
    expect(await granted.db.user.count()).toBe(0);
    expect(await databases.sessions(first)).toHaveLength(1);
  });

  test('goes to who waits as soon as a busy tenant has finished with a second connection', async () => {
    await using fixture = await openPool(databases, { limits: { ...limits, acquireDeadlineMs: 3000 } });
    await using busy = await fixture.pool.lease(first.tenantId, { operation });
    const [short, long] = [0.1, 0.6].map(async (seconds) => await busy.db.$queryRaw`SELECT 1 FROM pg_sleep(${seconds}::float)`);
    await eventually(async () => (await databases.sessions(first)).length === 2);
    const waiting = fixture.pool.lease(second.tenantId, { operation });
    await short;
    await using granted = await waiting;
    expect(await granted.db.user.count()).toBe(0);
    await long;
  });

  test('is not taken from an operation in flight, even when its lease was returned', async () => {
    const { promise: started, resolve: onStart } = Promise.withResolvers<void>();
    await using fixture = await openPool(databases, {
      limits: { connectionsPerCluster: 1 },
      onStatement: (tenantId) => {
        if (tenantId === first.tenantId) onStart();
      },
    });
    await databases.within(first, `INSERT INTO users (id, email, name, updated_at) VALUES (gen_random_uuid(), 'ada@test', 'Ada', now())`);
    const lease = await fixture.pool.lease(first.tenantId, { operation });
    // Two statements: one for the users, one for their memberships.
    const reading = lease.db.user.findMany({ include: { memberships: true } }).then((users) => users.length);
    const waiting = started.then(async () => await fixture.pool.lease(second.tenantId, { operation }));
    await started;
    await lease[Symbol.asyncDispose]();
    expect(await reading).toBe(1);
    await using granted = await waiting;
    expect(granted.tenantId).toBe(second.tenantId);
    await databases.within(first, 'DELETE FROM users');
  });

  test('counts a connection until it has closed', async () => {
    await using proxy = await openSlowClosingProxy(first, 80);
    await using fixture = await openPool(databases, { limits: { connectionsPerCluster: 1, idleConnectionMs: 10, preconnects: 0 } });
    fixture.table.update(first.tenantId, { host: '127.0.0.1', port: proxy.port });
    await using lease = await fixture.pool.lease(first.tenantId, { operation });
    await sleep(40);
    expect(await lease.db.user.count()).toBe(0);
    expect(proxy).toMatchObject({ made: 2, most: 1 });
  });

  test('is not exceeded whatever is asked of it', async () => {
    await using fixture = await openPool(databases, {
      limits: { connectionsPerCluster: 3, acquireDeadlineMs: 10_000, idleConnectionMs: 1 },
    });
    let most = 0;
    const over = new AbortController();
    const watch = async () => {
      while (!over.signal.aborted) {
        const names = databases.placements.map(({ database }) => database);
        const [row] = await databases.administer<{ count: number }>(
          `SELECT count(*)::int AS count FROM pg_stat_activity WHERE datname = ANY($1) AND backend_type = 'client backend'`,
          [names],
        );
        most = Math.max(most, row?.count ?? 0);
      }
    };
    const watching = watch();
    await Promise.all(
      Array.from({ length: 60 }, async (_, index) => {
        const tenant = databases.tenant(index % databases.placements.length);
        await using lease = await fixture.pool.lease(tenant.tenantId, { operation });
        for (const pauseMs of [1, 2, 3]) {
          await Promise.all([1, 2, 3].map(async () => await lease.db.$queryRaw`SELECT 1 FROM pg_sleep(0.002)`));
          await sleep(pauseMs);
        }
      }),
    );
    over.abort();
    await watching;
    expect(most).toBe(3);
  });
});
