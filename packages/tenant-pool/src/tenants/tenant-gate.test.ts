import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TenantPlacement } from '../directory/placement.ts';
import { TenantBusyError, TenantUnavailableError } from '../errors.ts';
import { eventually } from '../testing/eventually.ts';
import { openFaultyProxy } from '../testing/faulty-proxy.ts';
import { openPool, type PoolFixture } from '../testing/pool-fixture.ts';
import { createTenantDatabases, type TenantDatabases } from '../testing/tenant-databases.ts';

const operation = 'test';
const breaker = { probeDelayMs: 300, maxProbeDelayMs: 300, minRetryAfterMs: 1, jitter: 0 };

/** What a request for a lease comes to, the lease being returned at once. */
async function outcomeOf({ pool }: PoolFixture, { tenantId }: TenantPlacement): Promise<unknown> {
  try {
    await (await pool.lease(tenantId, { operation }))[Symbol.asyncDispose]();
    return 'granted';
  } catch (error) {
    return error;
  }
}

let databases: TenantDatabases;
let first: TenantPlacement;
let second: TenantPlacement;

beforeAll(async () => {
  databases = await createTenantDatabases(2);
  [first, second] = [databases.tenant(0), databases.tenant(1)];
});
afterAll(async () => await databases?.[Symbol.asyncDispose]());

describe('a tenant whose database does not answer', () => {
  test('is refused at once, with the time of the next try, and served again when it is back', async () => {
    await using proxy = await openFaultyProxy(first);
    await using fixture = await openPool(databases, { breaker });
    fixture.table.update(first.tenantId, { host: '127.0.0.1', port: proxy.port });
    proxy.mode = 'reset';
    for (let failures = 1; failures <= 3; failures += 1) expect(await outcomeOf(fixture, first)).toBeInstanceOf(TenantUnavailableError);
    const { made } = proxy;
    for (let asked = 1; asked <= 50; asked += 1) {
      expect(await outcomeOf(fixture, first)).toMatchObject({ code: 'TENANT_UNAVAILABLE', retryAfterMs: expect.any(Number) });
    }
    expect(proxy.made).toBe(made);
    expect(await fixture.metric('tenantry_pool_breaker_tenants', { failure: 'unreachable', state: 'open' })).toBe(1);

    proxy.mode = 'forward';
    await eventually(async () => (await outcomeOf(fixture, first)) === 'granted');
    expect(await fixture.metric('tenantry_pool_breaker_tenants')).toBe(0);
  });

  test('is refused at once to those who hold a lease, and holds up nobody else', async () => {
    await using proxy = await openFaultyProxy(first);
    // The next try comes later than what is under way fails, however slow this machine is.
    const patient = { ...breaker, probeDelayMs: 2000, maxProbeDelayMs: 2000 };
    await using fixture = await openPool(databases, { breaker: patient, limits: { connectionsPerCluster: 5, connectionDeadlineMs: 1000 } });
    fixture.table.update(first.tenantId, { host: '127.0.0.1', port: proxy.port });
    await using lease = await fixture.pool.lease(first.tenantId, { operation });
    await using other = await fixture.pool.lease(second.tenantId, { operation });
    proxy.mode = 'silence';
    proxy.sever();
    const queries = Array.from({ length: 20 }, async () => await lease.db.user.count().catch((error: unknown) => error));
    for (let asked = 1; asked <= 20; asked += 1) expect(await other.db.user.count()).toBe(0);
    const outcomes = await Promise.all(queries);
    expect(outcomes.filter((outcome) => !(outcome instanceof TenantUnavailableError))).toEqual([]);
    const { made } = proxy;
    await expect(lease.db.user.count()).rejects.toThrow(TenantUnavailableError);
    expect(proxy.made).toBe(made);

    proxy.mode = 'forward';
    await eventually(async () => (await lease.db.user.count().catch(() => -1)) === 0);
  });

  test('keeps no part of the budget', async () => {
    await using proxy = await openFaultyProxy(first);
    await using fixture = await openPool(databases, { breaker, limits: { drainDeadlineMs: 100 } });
    fixture.table.update(first.tenantId, { host: '127.0.0.1', port: proxy.port });
    await using lease = await fixture.pool.lease(first.tenantId, { operation });
    proxy.mode = 'silence';
    const cut = lease.db.user.count().catch((error: unknown) => error);
    await new Promise((resolve) => setTimeout(resolve, 50));
    await fixture.pool.evict(first.tenantId, 'test');
    expect(await cut).toMatchObject({ code: 'TENANT_UNAVAILABLE' });
    await eventually(async () => (await fixture.metric('tenantry_pool_reserved_connections')) === 0);
  });
});

test('a tenant whose work is cut off at the drain’s deadline is not taken to fail', async () => {
  await using fixture = await openPool(databases, { breaker, limits: { drainDeadlineMs: 100 } });
  const lease = await fixture.pool.lease(first.tenantId, { operation });
  const works = [1, 2, 3].map(async () => await lease.db.$queryRaw`SELECT 1 FROM pg_sleep(5)`.catch((error: unknown) => error));
  await eventually(async () => (await databases.sessions(first)).length === 3);
  await fixture.pool.evict(first.tenantId, 'test');
  for (const error of await Promise.all(works)) expect(error).toMatchObject({ code: 'TENANT_UNAVAILABLE' });
  expect(await fixture.metric('tenantry_pool_breaker_changes_total')).toBe(0);
  expect(await outcomeOf(fixture, first)).toBe('granted');
});

test('a tenant whose role has too many connections is TENANT_BUSY, and tried again', async () => {
  await databases.administer(`ALTER ROLE ${second.role} CONNECTION LIMIT 0`);
  await using fixture = await openPool(databases, { breaker });
  for (let failures = 1; failures <= 5; failures += 1) expect(await outcomeOf(fixture, second)).toBeInstanceOf(TenantBusyError);
  expect(await fixture.metric('tenantry_pool_breaker_tenants', { failure: 'overload', state: 'open' })).toBe(1);
  await databases.administer(`ALTER ROLE ${second.role} CONNECTION LIMIT -1`);
  await eventually(async () => (await outcomeOf(fixture, second)) === 'granted');
});

test('a tenant whose credentials were refused is tried again as soon as there are others', async () => {
  await using fixture = await openPool(databases, { breaker: { ...breaker, probeDelayMs: 600_000, maxProbeDelayMs: 600_000 } });
  const right = first.role;
  fixture.table.update(first.tenantId, { role: 'no_such_role' });
  for (let failures = 1; failures <= 2; failures += 1) expect(await outcomeOf(fixture, first)).toBeInstanceOf(TenantUnavailableError);
  expect(await fixture.metric('tenantry_pool_breaker_tenants', { failure: 'authentication', state: 'open' })).toBe(1);
  fixture.table.update(first.tenantId, { role: right, credentialVersion: 2 });
  await fixture.bus.publish(first.tenantId);
  expect(await outcomeOf(fixture, first)).toBe('granted');
});
