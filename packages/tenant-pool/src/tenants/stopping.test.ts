import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TenantPlacement } from '../directory/placement.ts';
import { LeaseRevokedError, TenantSuspendedError, TenantUnavailableError } from '../errors.ts';
import { eventually } from '../testing/eventually.ts';
import { openFaultyProxy } from '../testing/faulty-proxy.ts';
import { openPool } from '../testing/pool-fixture.ts';
import { createTenantDatabases, type TenantDatabases } from '../testing/tenant-databases.ts';

const operation = 'test';
/** In milliseconds; longer than any of these tests takes. */
const aMinute = 60_000;

let databases: TenantDatabases;
let first: TenantPlacement;
let second: TenantPlacement;

beforeAll(async () => {
  databases = await createTenantDatabases(2);
  [first, second] = [databases.tenant(0), databases.tenant(1)];
});
afterAll(async () => await databases?.[Symbol.asyncDispose]());

describe('a pool that stops', () => {
  test('has the leases that are held do all their work, also what waits for a connection', async () => {
    await using fixture = await openPool(databases, { limits: { connectionsPerTenant: 1 } });
    const lease = await fixture.pool.lease(first.tenantId, { operation });
    const works = [1, 2].map(async (answer) => await lease.db.$queryRaw`SELECT ${answer}::int AS answer FROM pg_sleep(0.2)`);
    await eventually(async () => (await fixture.metric('tenantry_pool_connection_waiters')) === 1);
    const stopped = fixture.pool[Symbol.asyncDispose]();
    expect(await Promise.all(works)).toEqual([[{ answer: 1 }], [{ answer: 2 }]]);
    await lease[Symbol.asyncDispose]();
    await stopped;
  });

  test('refuses at once to open the tenants that wait for a connection', async () => {
    const limits = {
      connectionsPerCluster: 1,
      turnMs: aMinute,
      acquireDeadlineMs: aMinute,
      drainDeadlineMs: aMinute,
      idleConnectionMs: aMinute,
    };
    await using fixture = await openPool(databases, { limits });
    const lease = await fixture.pool.lease(first.tenantId, { operation });
    const refused = fixture.pool.lease(second.tenantId, { operation }).catch((error: unknown) => error);
    await eventually(async () => (await fixture.metric('tenantry_pool_budget_waiters')) === 1);
    const stopped = fixture.pool[Symbol.asyncDispose]();
    expect(await refused).toBeInstanceOf(TenantUnavailableError);
    await lease[Symbol.asyncDispose]();
    await stopped;
  });

  test('still takes away the leases of a tenant that is suspended, or evicted', async () => {
    await using fixture = await openPool(databases);
    const [suspended, evicted] = [
      await fixture.pool.lease(first.tenantId, { operation }),
      await fixture.pool.lease(second.tenantId, { operation }),
    ];
    const stopped = fixture.pool[Symbol.asyncDispose]();
    expect(await suspended.db.user.count()).toBe(0);
    fixture.table.update(first.tenantId, { status: 'SUSPENDED' });
    await fixture.bus.publish(first.tenantId);
    await expect.poll(async () => await suspended.db.user.count().catch((error: unknown) => error)).toBeInstanceOf(TenantSuspendedError);
    await fixture.pool.evict(second.tenantId, 'a test wants so');
    await expect(evicted.db.user.count()).rejects.toThrow(LeaseRevokedError);
    await stopped;
  });

  test('closes what is open while another tenant is still being opened', async () => {
    await using proxy = await openFaultyProxy(second);
    await using fixture = await openPool(databases, { limits: { connectionDeadlineMs: 1500 } });
    fixture.table.update(second.tenantId, { host: '127.0.0.1', port: proxy.port });
    await (await fixture.pool.lease(first.tenantId, { operation }))[Symbol.asyncDispose]();
    proxy.mode = 'silence';
    let isOpening = true;
    const opening = fixture.pool.lease(second.tenantId, { operation }).catch(() => (isOpening = false));
    await eventually(() => proxy.made > 0);
    const stopped = fixture.pool[Symbol.asyncDispose]();
    await eventually(async () => (await databases.sessions(first)).length === 0);
    expect(isOpening).toBe(true);
    await Promise.all([opening, stopped]);
  });

  test('lets nothing that was opened meanwhile outlive it', async () => {
    await using fixture = await openPool(databases);
    const opening = fixture.pool.lease(first.tenantId, { operation }).then(
      async (lease) => await lease[Symbol.asyncDispose](),
      () => {},
    );
    await sleep(2);
    await fixture.pool[Symbol.asyncDispose]();
    await opening;
    expect(await databases.sessions(first)).toEqual([]);
  });
});
