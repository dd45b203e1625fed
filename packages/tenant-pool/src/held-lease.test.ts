import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TenantPlacement } from './directory/placement.ts';
import { LeaseEndedError, LeaseRevokedError, TenantMigratingError, TenantNotFoundError, TenantSuspendedError } from './errors.ts';
import { eventually } from './testing/eventually.ts';
import { openPool } from './testing/pool-fixture.ts';
import { createTenantDatabases, type TenantDatabases } from './testing/tenant-databases.ts';

const operation = 'test';

let databases: TenantDatabases;
let first: TenantPlacement;
let second: TenantPlacement;

beforeAll(async () => {
  databases = await createTenantDatabases(2);
  const [a, b] = databases.placements;
  if (!a || !b) throw new Error('2 tenants are needed');
  [first, second] = [a, b];
});
afterAll(async () => await databases?.[Symbol.asyncDispose]());

describe('a handle', () => {
  test('throws once its lease has ended, and so does all that came from it', async () => {
    await using fixture = await openPool(databases);
    const lease = await fixture.pool.lease(first.tenantId, { operation });
    const lazy = lease.db.user.findMany();
    const raw = lease.db.$queryRaw`SELECT 1`;
    const users = lease.db.user;
    await lease[Symbol.asyncDispose]();
    for (const late of [
      lazy,
      raw,
      users.count(),
      lease.db.user.findUnique({ where: { email: 'a' } }),
      lease.db.$transaction(async () => 1),
    ]) {
      await expect(late).rejects.toThrow(LeaseEndedError);
    }
  });

  test('lets a query in flight end when the lease is returned', async () => {
    await using fixture = await openPool(databases);
    const lease = await fixture.pool.lease(first.tenantId, { operation });
    const query = lease.db.$queryRaw`SELECT 7 AS answer FROM pg_sleep(0.1)`.then((rows) => rows);
    await sleep(20);
    await lease[Symbol.asyncDispose]();
    expect(await query).toEqual([{ answer: 7 }]);
  });

  test('rolls a transaction back whose lease ended in its midst', async () => {
    await using fixture = await openPool(databases);
    const lease = await fixture.pool.lease(first.tenantId, { operation });
    const transaction = lease.db.$transaction(async (tx) => {
      await tx.team.create({ data: { name: 'unfinished' } });
      await lease[Symbol.asyncDispose]();
      await tx.team.create({ data: { name: 'never' } });
    });
    await expect(transaction).rejects.toThrow(LeaseEndedError);
    expect(await databases.within(first, "SELECT 1 FROM teams WHERE name = 'unfinished'")).toEqual([]);
    expect(
      await databases.within(
        first,
        "SELECT 1 FROM pg_stat_activity WHERE state LIKE 'idle in transaction%' AND datname = current_database()",
      ),
    ).toEqual([]);
  });

  test.each([
    ['suspended', { status: 'SUSPENDED' }, TenantSuspendedError, 'status'],
    ['migrated', { status: 'MIGRATING' }, TenantMigratingError, 'status'],
    ['deleted', { status: 'DELETED' }, TenantNotFoundError, 'status'],
    ['moved', { host: 'localhost' }, LeaseRevokedError, 'moved'],
    ['given another password', { credentialVersion: 2 }, LeaseRevokedError, 'rotated'],
  ] as const)('throws once its tenant is %s', async (_change, change, expected, reason) => {
    await using fixture = await openPool(databases);
    await using lease = await fixture.pool.lease(first.tenantId, { operation });
    await using other = await fixture.pool.lease(second.tenantId, { operation });
    const inFlight = lease.db.$queryRaw`SELECT 7 AS answer FROM pg_sleep(0.05)`.then((rows) => rows);
    await sleep(20);
    fixture.table.update(first.tenantId, change);
    await fixture.bus.publish(first.tenantId);
    await eventually(async () => (await fixture.metric('tenantry_pool_evictions_total', { reason })) === 1);
    await expect(lease.db.user.count()).rejects.toThrow(expected);
    expect(await inFlight).toEqual([{ answer: 7 }]);
    expect(await other.db.user.count()).toBe(0);
    await eventually(async () => (await databases.sessions(first)).length === 0);
  });

  test('throws once messages were lost and its tenant turns out to be gone', async () => {
    await using fixture = await openPool(databases);
    await using lease = await fixture.pool.lease(first.tenantId, { operation });
    fixture.table.delete(first.tenantId);
    fixture.bus.loseMessages();
    await eventually(async () => (await fixture.metric('tenantry_pool_evictions_total', { reason: 'status' })) === 1);
    await expect(lease.db.user.count()).rejects.toThrow(TenantNotFoundError);
  });

  test('throws once its tenant is evicted; the next lease connects anew', async () => {
    await using fixture = await openPool(databases);
    await using lease = await fixture.pool.lease(first.tenantId, { operation });
    const before = await databases.sessions(first);
    await fixture.pool.evict(first.tenantId, 'a test wants so');
    expect(await databases.sessions(first)).toEqual([]);
    await expect(lease.db.user.count()).rejects.toThrow(/a test wants so/);
    await expect(lease.db.user.count()).rejects.toMatchObject({ code: 'TENANT_UNAVAILABLE', retryAfterMs: 100 });
    await using again = await fixture.pool.lease(first.tenantId, { operation });
    expect(await again.db.user.count()).toBe(0);
    expect(await databases.sessions(first)).not.toEqual(before);
  });
});
