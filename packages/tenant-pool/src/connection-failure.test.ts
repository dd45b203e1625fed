import { setTimeout as sleep } from 'node:timers/promises';
import { seal } from '@tenantry/service';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TenantPlacement } from './directory/placement.ts';
import { LeaseRevokedError, TenantBusyError, TenantUnavailableError } from './errors.ts';
import { eventually } from './testing/eventually.ts';
import { openPool, type PoolFixture } from './testing/pool-fixture.ts';
import { createTenantDatabases, type TenantDatabases } from './testing/tenant-databases.ts';

const operation = 'test';

let databases: TenantDatabases;
let first: TenantPlacement;
let second: TenantPlacement;
let third: TenantPlacement;

beforeAll(async () => {
  databases = await createTenantDatabases(3);
  const [a, b, c] = databases.placements;
  if (!a || !b || !c) throw new Error('3 tenants are needed');
  [first, second, third] = [a, b, c];
});
afterAll(async () => await databases?.[Symbol.asyncDispose]());

describe('a database that cannot be reached', () => {
  test.each([
    ['refuses connections', { port: 1 }],
    ['has no address', { host: 'nowhere.invalid' }],
    ['is not there', { database: 'no_such_database' }],
    ['does not know the role', { role: 'no_such_role' }],
    ['speaks no TLS where TLS is required', { sslMode: 'require' }],
  ])('gives TENANT_UNAVAILABLE when it %s, and nothing is lost of the budget', async (_why, change) => {
    await using fixture = await openPool(databases);
    fixture.table.update(first.tenantId, change);
    const refused: unknown = await fixture.pool.lease(first.tenantId, { operation }).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: 'TENANT_UNAVAILABLE', retryAfterMs: expect.any(Number) });
    expect(await fixture.metric('tenantry_pool_reserved_connections')).toBe(0);
    expect(await fixture.metric('tenantry_pool_open_connections')).toBe(0);
  });

  test('gives it to queries too, and recovers', async () => {
    await using fixture = await openPool(databases);
    await using lease = await fixture.pool.lease(first.tenantId, { operation });
    const cut = lease.db.$queryRaw`SELECT 1 FROM pg_sleep(5)`.then((rows) => rows);
    const outcome = cut.catch((error: unknown) => error);
    await eventually(async () => (await databases.sessions(first)).length === 1);
    await sleep(30);
    await databases.administer('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [first.database]);
    expect(await outcome).toBeInstanceOf(TenantUnavailableError);
    expect(await lease.db.user.count()).toBe(0);
  });

  test('gives TENANT_BUSY to queries that wait too long for their tenant’s connections', async () => {
    await using fixture = await openPool(databases, { limits: { connectionsPerTenant: 1, acquireDeadlineMs: 100 } });
    await using lease = await fixture.pool.lease(first.tenantId, { operation });
    const { db } = lease;
    const slow = db.$queryRaw`SELECT 1 FROM pg_sleep(0.5)`.then((rows) => rows);
    await expect(db.user.count()).rejects.toThrow(TenantBusyError);
    await expect(db.$transaction(async (tx) => await tx.user.count())).rejects.toThrow(TenantBusyError);
    await slow;
    expect(await db.user.count()).toBe(0);
  });

  test('gives SQL errors as Prisma’s own', async () => {
    await using fixture = await openPool(databases);
    await using lease = await fixture.pool.lease(first.tenantId, { operation });
    const data = { name: `team ${crypto.randomUUID()}` };
    await lease.db.team.create({ data });
    await expect(lease.db.team.create({ data })).rejects.toMatchObject({ code: 'P2002', name: 'PrismaClientKnownRequestError' });
    await expect(lease.db.$queryRaw`SELECT nonsense`).rejects.toMatchObject({ code: 'P2010' });
  });

  test('leaves an error alone that the work of a transaction threw', async () => {
    await using fixture = await openPool(databases);
    await using lease = await fixture.pool.lease(first.tenantId, { operation });
    const mine = Object.assign(new Error('of another service'), { code: 'ECONNREFUSED' });
    await expect(
      lease.db.$transaction(async () => {
        throw mine;
      }),
    ).rejects.toBe(mine);
  });
});

describe('a password that was changed', () => {
  const password = 'another-password';
  const change = async (fixture: PoolFixture, tenant: TenantPlacement) => {
    await databases.administer(`ALTER ROLE ${tenant.role} PASSWORD '${password}'`);
    return fixture.table.update(tenant.tenantId, {
      credentialVersion: 2,
      sealedPassword: seal(password, tenant.tenantId, databases.keyRing),
    });
  };

  test('is fetched once when the old one is refused', async () => {
    await using fixture = await openPool(databases);
    await fixture.directory.lookup(second.tenantId);
    await change(fixture, second);
    await using lease = await fixture.pool.lease(second.tenantId, { operation });
    expect(await lease.db.user.count()).toBe(0);
    expect(await fixture.directory.lookup(second.tenantId)).toMatchObject({ credentialVersion: 2 });
    expect(fixture.table.reads).toBe(2);
  });

  test('is fetched when it changed beneath an open tenant', async () => {
    await using fixture = await openPool(databases);
    await using lease = await fixture.pool.lease(third.tenantId, { operation });
    await change(fixture, third);
    await databases.administer('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [third.database]);
    await eventually(async () => (await fixture.metric('tenantry_pool_open_connections')) === 0);
    await expect(lease.db.user.count()).rejects.toThrow(TenantUnavailableError);
    await eventually(async () => (await fixture.metric('tenantry_pool_evictions_total', { reason: 'rotated' })) === 1);
    await expect(lease.db.user.count()).rejects.toThrow(LeaseRevokedError);
    await using again = await fixture.pool.lease(third.tenantId, { operation });
    expect(await again.db.user.count()).toBe(0);
  });

  test('is TENANT_UNAVAILABLE while the catalog does not know it', async () => {
    await using fixture = await openPool(databases);
    fixture.table.update(first.tenantId, { sealedPassword: seal('wrong', first.tenantId, databases.keyRing) });
    await expect(fixture.pool.lease(first.tenantId, { operation })).rejects.toThrow(TenantUnavailableError);
    expect(fixture.table.reads).toBe(2);
  });
});
