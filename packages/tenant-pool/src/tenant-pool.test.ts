import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TenantPlacement } from './directory/placement.ts';
import {
  LeaseRevokedError,
  TenantMigratingError,
  TenantNotFoundError,
  TenantSuspendedError,
  TenantUnavailableError,
  TenantWakingError,
} from './errors.ts';
import { eventually } from './testing/eventually.ts';
import { openPool, type PoolFixture } from './testing/pool-fixture.ts';
import { createTenantDatabases, type TenantDatabases } from './testing/tenant-databases.ts';

const operation = 'test';

let databases: TenantDatabases;
let first: TenantPlacement;
let second: TenantPlacement;
let third: TenantPlacement;
let fourth: TenantPlacement;

beforeAll(async () => {
  databases = await createTenantDatabases(4);
  [first, second, third, fourth] = [databases.tenant(0), databases.tenant(1), databases.tenant(2), databases.tenant(3)];
});
afterAll(async () => await databases?.[Symbol.asyncDispose]());

describe('a lease', () => {
  test('reaches its own tenant, over connections that say whose they are', async () => {
    await using fixture = await openPool(databases, { limits: { statementTimeoutMs: 4321, idleInTransactionMs: 1234 } });
    await using lease = await fixture.pool.lease(first.tenantId, { operation });
    expect(lease.tenantId).toBe(first.tenantId);
    const [settings] = await lease.db.$queryRaw<Record<string, string>[]>`
      SELECT current_database() AS database, current_user::text AS role, current_setting('application_name') AS name,
        current_setting('statement_timeout') AS statement, current_setting('idle_in_transaction_session_timeout') AS idle`;
    expect(settings).toEqual({ database: first.database, role: first.role, name: 'tenantry:test', statement: '4321ms', idle: '1234ms' });
  });

  test('is found by its id in whatever case', async () => {
    await using fixture = await openPool(databases);
    await using lease = await fixture.pool.lease(first.tenantId.toUpperCase(), { operation });
    expect(lease.tenantId).toBe(first.tenantId);
  });

  test('connects once for many who come at the same time', async () => {
    await using fixture = await openPool(databases);
    const leases = await Promise.all(Array.from({ length: 20 }, async () => await fixture.pool.lease(first.tenantId, { operation })));
    expect(await databases.sessions(first)).toHaveLength(1);
    expect(fixture.table.reads).toBe(1);
    expect(await fixture.metric('tenantry_pool_leases')).toBe(20);
    await Promise.all(leases.map(async (lease) => await lease[Symbol.asyncDispose]()));
    expect(await fixture.metric('tenantry_pool_leases')).toBe(0);
  });

  test('takes more connections while work asks for them, up to the tenant’s limit', async () => {
    await using fixture = await openPool(databases, { limits: { connectionsPerTenant: 3, idleConnectionMs: 20 } });
    await using lease = await fixture.pool.lease(first.tenantId, { operation });
    const work = Promise.all(Array.from({ length: 9 }, async () => await lease.db.$queryRaw`SELECT 1 FROM pg_sleep(0.2)`));
    await eventually(async () => (await databases.sessions(first)).length === 3);
    expect(await fixture.metric('tenantry_pool_reserved_connections')).toBe(3);
    await work;
    await eventually(async () => (await fixture.metric('tenantry_pool_reserved_connections')) === 0);
    expect(await lease.db.user.count()).toBe(0);
  });

  test('can be waited for until a signal aborts', async () => {
    await using fixture = await openPool(databases, { limits: { connectionsPerCluster: 1, turnMs: 60_000 } });
    await using _held = await fixture.pool.lease(first.tenantId, { operation });
    const signal = AbortSignal.timeout(30);
    await expect(fixture.pool.lease(second.tenantId, { operation, signal })).rejects.toThrow(/timeout/);
    expect(await fixture.metric('tenantry_pool_leases_total', { outcome: 'abandoned' })).toBe(1);
  });

  test('is refused by a status that came while the tenant was being opened', async () => {
    await using fixture = await openPool(databases, { limits: { connectionsPerCluster: 1, turnMs: 60_000 } });
    const held = await fixture.pool.lease(second.tenantId, { operation });
    const refused = fixture.pool.lease(first.tenantId, { operation }).catch((error: unknown) => error);
    await eventually(async () => (await fixture.metric('tenantry_pool_budget_waiters')) === 1);
    fixture.table.update(first.tenantId, { status: 'SUSPENDED' });
    await fixture.bus.publish(first.tenantId);
    await held[Symbol.asyncDispose]();
    expect(await refused).toBeInstanceOf(TenantSuspendedError);
    await eventually(async () => (await databases.sessions(first)).length === 0);
  });

  test('is refused by the status of the tenant', async () => {
    await using fixture = await openPool(databases);
    const refusal = async (change: Partial<TenantPlacement>) => {
      fixture.table.update(first.tenantId, change);
      await fixture.bus.publish(first.tenantId);
      return await fixture.pool.lease(first.tenantId, { operation }).catch((error: unknown) => error);
    };
    expect(await refusal({ status: 'SUSPENDED' })).toBeInstanceOf(TenantSuspendedError);
    expect(await refusal({ status: 'MIGRATING' })).toBeInstanceOf(TenantMigratingError);
    expect(await refusal({ status: 'HIBERNATED' })).toBeInstanceOf(TenantWakingError);
    expect(await refusal({ status: 'WAKING' })).toBeInstanceOf(TenantWakingError);
    expect(await refusal({ status: 'PROVISIONING' })).toBeInstanceOf(TenantUnavailableError);
    expect(await refusal({ status: 'FAILED' })).toBeInstanceOf(TenantUnavailableError);
    expect(await refusal({ status: 'DELETING' })).toBeInstanceOf(TenantNotFoundError);
    expect(await fixture.pool.lease('no-uuid', { operation }).catch((error: unknown) => error)).toBeInstanceOf(TenantNotFoundError);
    expect(await fixture.metric('tenantry_pool_leases_total', { outcome: 'refused' })).toBe(6);
  });
});

describe('a tenant that nobody uses', () => {
  test('is closed', async () => {
    await using fixture = await openPool(databases, { limits: { idleTenantMs: 50 } });
    {
      await using _lease = await fixture.pool.lease(first.tenantId, { operation });
    }
    await eventually(async () => (await databases.sessions(first)).length === 0);
    expect(await fixture.metric('tenantry_pool_evictions_total', { reason: 'idle' })).toBe(1);
  });
});

describe('disposing of the pool', () => {
  test('lets leases be returned, and ends every connection', async () => {
    const fixture = await openPool(databases);
    const lease = await fixture.pool.lease(first.tenantId, { operation });
    const stopped = fixture.pool[Symbol.asyncDispose]();
    await expect(fixture.pool.lease(first.tenantId, { operation })).rejects.toThrow(TenantUnavailableError);
    expect(await lease.db.user.count()).toBe(0);
    await lease[Symbol.asyncDispose]();
    await stopped;
    expect(await databases.sessions(first)).toEqual([]);
    await fixture[Symbol.asyncDispose]();
  });

  test('revokes what is not returned by the deadline', async () => {
    const fixture = await openPool(databases, { limits: { drainDeadlineMs: 100 } });
    const lease = await fixture.pool.lease(first.tenantId, { operation });
    const endless = lease.db.$queryRaw`SELECT 1 FROM pg_sleep(10)`.then(
      (rows) => rows,
      (error: unknown) => error,
    );
    await sleep(20);
    await fixture[Symbol.asyncDispose]();
    expect(await endless).toBeInstanceOf(LeaseRevokedError);
    await expect(lease.db.user.count()).rejects.toThrow(LeaseRevokedError);
  });
});

test('statements are told to the observer, by tenant', async () => {
  const statements: string[] = [];
  await using fixture = await openPool(databases, {
    onStatement: (tenantId, sql) => statements.push(`${tenantId} ${sql.split(' ')[0] ?? ''}`),
  });
  await using lease = await fixture.pool.lease(first.tenantId, { operation });
  await lease.db.user.findMany();
  await lease.db.$transaction(async (tx) => await tx.user.count());
  expect(statements).toEqual(['SELECT', 'BEGIN', 'SELECT', 'COMMIT'].map((verb) => `${first.tenantId} ${verb}`));
});

test('metrics tell of the pool, and name a tenant by its id only', async () => {
  await using fixture = await openPool(databases);
  await using lease = await fixture.pool.lease(first.tenantId, { operation });
  await lease.db.user.count();
  const scraped = await fixture.metrics.metrics();
  expect(scraped).toContain('tenantry_pool_leases{cluster="standard"} 1');
  expect(scraped).toContain('tenantry_pool_leases_total{outcome="granted"} 1');
  expect(scraped).toContain('tenantry_pool_cold_start_seconds_count 1');
  expect(scraped).toContain('tenantry_pool_statement_seconds_count 1');
  expect(scraped).toContain(`tenantry_pool_query_seconds_count{tenant="${first.tenantId}",model="User"} 1`);
  for (const name of [first.slug, first.database, first.role]) expect(scraped).not.toContain(name);
});

/** The connections that a tenant has while more work is under way than it may have connections. */
async function sessionsAtWork(fixture: PoolFixture, tenant: TenantPlacement): Promise<number> {
  await using lease = await fixture.pool.lease(tenant.tenantId, { operation });
  const work = Promise.all(Array.from({ length: 6 }, async () => await lease.db.$queryRaw`SELECT 1 FROM pg_sleep(0.1)`));
  await sleep(80);
  const { length } = await databases.sessions(tenant);
  await work;
  return length;
}

describe('a tier', () => {
  const limits = { connectionsPerTenant: 1, tiers: { PREMIUM: { connections: 3 } } };
  test('may give its tenants more connections', async () => {
    await using fixture = await openPool(databases, { limits });
    fixture.table.update(fourth.tenantId, { tier: 'PREMIUM' });
    expect(await sessionsAtWork(fixture, third)).toBe(1);
    expect(await sessionsAtWork(fixture, fourth)).toBe(3);
  });

  test('that changes takes effect while the tenant is open', async () => {
    await using fixture = await openPool(databases, { limits });
    await using _held = await fixture.pool.lease(third.tenantId, { operation });
    expect(await sessionsAtWork(fixture, third)).toBe(1);
    fixture.table.update(third.tenantId, { tier: 'PREMIUM' });
    await fixture.bus.publish(third.tenantId);
    expect(await sessionsAtWork(fixture, third)).toBe(3);
    expect(await fixture.metric('tenantry_pool_evictions_total')).toBe(0);
  });
});
