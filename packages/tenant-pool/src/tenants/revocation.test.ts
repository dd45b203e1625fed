import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Prisma } from '@tenantry/prisma/tenant';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TenantPlacement } from '../directory/placement.ts';
import { LeaseOverdueError, LeaseRevokedError, TenantMigratingError, TenantNotFoundError, TenantSuspendedError } from '../errors.ts';
import { eventually } from '../testing/eventually.ts';
import { openPool } from '../testing/pool-fixture.ts';
import { createTenantDatabases, type TenantDatabases } from '../testing/tenant-databases.ts';

const operation = 'test';

let databases: TenantDatabases;
let tenant: TenantPlacement;

beforeAll(async () => {
  databases = await createTenantDatabases(1);
  tenant = databases.tenant(0);
});
afterAll(async () => await databases?.[Symbol.asyncDispose]());

test.each([
  ['suspended', { status: 'SUSPENDED' }, TenantSuspendedError],
  ['deleted', null, TenantNotFoundError],
] as const)(
  'word that the tenant was %s, which comes with another request, is enough to revoke a lease',
  async (_what, change, expected) => {
    await using fixture = await openPool(databases);
    await using held = await fixture.pool.lease(tenant.tenantId, { operation });
    if (change) fixture.table.update(tenant.tenantId, change);
    else fixture.table.delete(tenant.tenantId);
    await fixture.directory.invalidate(tenant.tenantId);
    expect(await held.db.user.count()).toBe(0);
    await expect(fixture.pool.lease(tenant.tenantId.toUpperCase(), { operation })).rejects.toThrow(expected);
    await expect(held.db.user.count()).rejects.toThrow(expected);
    await expect(held.db.$read(Prisma.sql`SELECT 1`)).rejects.toThrow(expected);
    await eventually(async () => (await databases.sessions(tenant)).length === 0);
  },
);

test('word that the tenant is being moved lets no other lease be granted, and who has one end what is under way', async () => {
  await using fixture = await openPool(databases);
  const held = await fixture.pool.lease(tenant.tenantId, { operation });
  const { promise: moving, resolve: onMoving } = Promise.withResolvers<void>();
  const work = held.db.$transaction(async (tx) => {
    await tx.team.count();
    await moving;
    return await tx.team.count();
  });
  fixture.table.update(tenant.tenantId, { status: 'MIGRATING' });
  await fixture.bus.publish(tenant.tenantId);
  await expect(fixture.pool.lease(tenant.tenantId, { operation })).rejects.toThrow(TenantMigratingError);
  onMoving();
  expect(await work).toBe(0);
  expect(await held.db.user.count()).toBe(0);
  await held[Symbol.asyncDispose]();
  await eventually(async () => (await databases.sessions(tenant)).length === 0);
});

/** How many sessions of the tenant have a transaction open. */
async function openTransactions(): Promise<number> {
  const sql = 'SELECT count(*)::int FROM pg_stat_activity WHERE datname = $1 AND xact_start IS NOT NULL';
  return (await databases.administer<{ count: number }>(sql, [tenant.database]))[0]?.count ?? 0;
}

describe.each(['shared-client', 'client-per-tenant'] as const)('a transaction over a %s whose lease is revoked', (strategy) => {
  test('is rolled back at once, whatever its callback waits for', async () => {
    await using fixture = await openPool(databases, { strategy });
    await using lease = await fixture.pool.lease(tenant.tenantId, { operation });
    const name = randomUUID();
    const { promise: begun, resolve: onBegin } = Promise.withResolvers<void>();
    const { promise: elsewhere, resolve: onReturn } = Promise.withResolvers<void>();
    const work = lease.db.$transaction(async (tx) => {
      await tx.team.create({ data: { name } });
      onBegin();
      await elsewhere;
      await tx.team.count();
    });
    const outcome = work.catch((error: unknown) => error);
    await begun;
    expect(await openTransactions()).toBe(1);
    await fixture.pool.evict(tenant.tenantId, 'a test wants so');
    expect(await outcome).toBeInstanceOf(LeaseRevokedError);
    expect(await databases.sessions(tenant)).toEqual([]);
    expect(await databases.within(tenant, 'SELECT name FROM teams WHERE name = $1', [name])).toEqual([]);
    onReturn();
  });

  test('is rolled back when its statement in flight has ended', async () => {
    await using fixture = await openPool(databases, { strategy });
    await using lease = await fixture.pool.lease(tenant.tenantId, { operation });
    let rows: unknown;
    const work = lease.db.$transaction(async (tx) => {
      rows = await tx.$queryRaw`SELECT 7 AS answer FROM pg_sleep(0.3)`;
    });
    const outcome = work.catch((error: unknown) => error);
    await eventually(async () => (await openTransactions()) === 1);
    await sleep(50);
    await fixture.pool.evict(tenant.tenantId, 'a test wants so');
    expect(await outcome).toBeInstanceOf(LeaseRevokedError);
    await eventually(() => rows !== undefined);
    expect(rows).toEqual([{ answer: 7 }]);
    expect(await databases.sessions(tenant)).toEqual([]);
  });

  test('keeps its tenant open no longer, though its callback never ends', async () => {
    const limits = { leaseWarningMs: 50, leaseDeadlineMs: 100, idleTenantMs: 50 };
    await using fixture = await openPool(databases, { strategy, limits });
    const lease = await fixture.pool.lease(tenant.tenantId, { operation });
    const endless = lease.db.$transaction(async () => await new Promise<never>(() => {}));
    await expect(endless).rejects.toThrow(LeaseOverdueError);
    await eventually(async () => (await fixture.metric('tenantry_pool_open_tenants')) === 0);
  });
});
