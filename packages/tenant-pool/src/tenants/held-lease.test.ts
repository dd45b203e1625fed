import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { TenantPlacement } from '../directory/placement.ts';
import { LeaseEndedError, LeaseRevokedError, TenantNotFoundError, TenantSuspendedError } from '../errors.ts';
import type { TenantLease } from '../lease.ts';
import { eventually } from '../testing/eventually.ts';
import { openPool, type PoolFixture } from '../testing/pool-fixture.ts';
import { createTenantDatabases, type TenantDatabases } from '../testing/tenant-databases.ts';

const operation = 'test';

let databases: TenantDatabases;
let first: TenantPlacement;
let second: TenantPlacement;

beforeAll(async () => {
  databases = await createTenantDatabases(2);
  [first, second] = [databases.tenant(0), databases.tenant(1)];
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

  test('tells a query in flight that its database was lost, also when the lease was returned', async () => {
    await using fixture = await openPool(databases);
    const lease = await fixture.pool.lease(first.tenantId, { operation });
    const lost = lease.db.$queryRaw`SELECT 1 FROM pg_sleep(5)`.catch((error: unknown) => error);
    const sleeping = `pg_stat_activity WHERE usename = $1 AND wait_event = 'PgSleep'`;
    await eventually(async () => (await databases.administer(`SELECT pid FROM ${sleeping}`, [first.role])).length === 1);
    await lease[Symbol.asyncDispose]();
    await databases.administer(`SELECT pg_terminate_backend(pid) FROM ${sleeping}`, [first.role]);
    expect(await lost).toMatchObject({ code: 'TENANT_UNAVAILABLE', retryAfterMs: expect.any(Number) });
    expect(await fixture.metric('tenantry_pool_connection_failures_total')).toBe(1);
  });

  test.each([
    ['suspended', { status: 'SUSPENDED' }, TenantSuspendedError, 'status'],
    ['deleted', { status: 'DELETED' }, TenantNotFoundError, 'status'],
    ['moved', { host: 'localhost' }, LeaseRevokedError, 'moved'],
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

async function teams(name: string): Promise<unknown[]> {
  return await databases.within(first, 'SELECT name FROM teams WHERE name = $1', [name]);
}

describe.each(['shared-client', 'client-per-tenant'] as const)('a transaction over a %s', (strategy) => {
  let fixture: PoolFixture;
  let lease: TenantLease;

  const leasesHeld = async () => await fixture.metric('tenantry_pool_leases');

  beforeEach(async () => {
    fixture = await openPool(databases, { strategy });
    lease = await fixture.pool.lease(first.tenantId, { operation });
    return async () => await fixture[Symbol.asyncDispose]();
  });

  test('holds its lease until it has been committed', async () => {
    const name = randomUUID();
    await lease.db.$transaction(async (tx) => {
      await lease[Symbol.asyncDispose]();
      await tx.team.create({ data: { name } });
      await tx.$transaction(async (nested) => await nested.team.update({ where: { name }, data: { name } }));
      expect(await leasesHeld()).toBe(1);
    });
    expect(await leasesHeld()).toBe(0);
    expect(await teams(name)).toHaveLength(1);
  });

  test('holds its lease until it has been rolled back', async () => {
    const name = randomUUID();
    const transaction = lease.db.$transaction(async (tx) => {
      await lease[Symbol.asyncDispose]();
      await tx.team.create({ data: { name } });
      expect(await leasesHeld()).toBe(1);
      throw new Error('not this');
    });
    await expect(transaction).rejects.toThrow('not this');
    expect(await leasesHeld()).toBe(0);
    expect(await teams(name)).toEqual([]);
  });

  test('is the last of several to end the lease', async () => {
    const [one, two] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const begun: Promise<unknown>[] = [];
    const transactions = [one, two].map(async ({ promise }) => {
      const { promise: hasBegun, resolve } = Promise.withResolvers<void>();
      begun.push(hasBegun);
      await lease.db.$transaction(async (tx) => {
        resolve();
        await promise;
        await tx.user.count();
      });
    });
    await Promise.all(begun);
    await lease[Symbol.asyncDispose]();
    one.resolve();
    await transactions[0];
    expect(await leasesHeld()).toBe(1);
    two.resolve();
    await transactions[1];
    expect(await leasesHeld()).toBe(0);
  });

  test('leaves nothing else the right to go on', async () => {
    const escaped = await lease.db.$transaction(async (tx) => {
      await lease[Symbol.asyncDispose]();
      for (const fresh of [lease.db.user.count(), lease.db.$queryRaw`SELECT 1`, lease.db.$transaction(async () => 1)]) {
        await expect(fresh).rejects.toThrow(LeaseEndedError);
      }
      return { tx, late: tx.user.findMany() };
    });
    for (const late of [escaped.late, escaped.tx.user.count(), escaped.tx.$transaction(async () => 1)]) {
      await expect(late).rejects.toThrow(LeaseEndedError);
    }
  });

  test('is cut by a revocation, whether its lease was returned or not', async () => {
    for (const isReturned of [false, true]) {
      const name = randomUUID();
      await using held = await fixture.pool.lease(first.tenantId, { operation });
      let evicted: Promise<void> | undefined;
      const transaction = held.db.$transaction(async (tx) => {
        await tx.team.create({ data: { name } });
        if (isReturned) await held[Symbol.asyncDispose]();
        evicted = fixture.pool.evict(first.tenantId, 'a test wants so');
        await tx.team.count();
      });
      await expect(transaction).rejects.toThrow(LeaseRevokedError);
      await evicted;
      expect(await teams(name)).toEqual([]);
      expect(await databases.sessions(first)).toEqual([]);
    }
  });

  test('is not committed when its work took no notice of a revocation', async () => {
    const name = randomUUID();
    const transaction = lease.db.$transaction(async (tx) => {
      await tx.team.create({ data: { name } });
      void fixture.pool.evict(first.tenantId, 'a test wants so');
      await tx.team.count().catch(() => 0);
      return 'all is well';
    });
    await expect(transaction).rejects.toThrow(LeaseRevokedError);
    expect(await teams(name)).toEqual([]);
  });
});
