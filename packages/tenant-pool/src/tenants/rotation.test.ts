import { seal } from '@tenantry/service';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { TenantPlacement } from '../directory/placement.ts';
import { LeaseRevokedError, TenantSuspendedError } from '../errors.ts';
import type { TenantDb, TenantLease } from '../lease.ts';
import type { PoolLimits } from '../limits.ts';
import { eventually } from '../testing/eventually.ts';
import { openPool, type PoolFixture } from '../testing/pool-fixture.ts';
import { createTenantDatabases, type TenantDatabases } from '../testing/tenant-databases.ts';

const operation = 'test';

let databases: TenantDatabases;
let tenant: TenantPlacement;
let version = 1;

beforeAll(async () => {
  databases = await createTenantDatabases(1);
  tenant = databases.tenant(0);
});
afterAll(async () => await databases?.[Symbol.asyncDispose]());

let fixture: PoolFixture;
let held: TenantLease;

/** A pool that knows the password, and a lease that is held. */
async function open(limits: Partial<PoolLimits> = {}): Promise<void> {
  fixture = await openPool(databases, { limits });
  fixture.table.update(tenant.tenantId, await changePassword());
  held = await fixture.pool.lease(tenant.tenantId, { operation });
}

/** Changes the password on the server. @returns what the catalog should say from now on */
async function changePassword(): Promise<Partial<TenantPlacement>> {
  version += 1;
  const password = `password ${version}`;
  await databases.administer(`ALTER ROLE ${tenant.role} PASSWORD '${password}'`);
  return { credentialVersion: version, sealedPassword: seal(password, tenant.tenantId, databases.keyRing) };
}

/** Tells the pool of a change, and waits until it is closing what was open. */
async function change(to: Partial<TenantPlacement>, reason: 'rotated' | 'moved'): Promise<void> {
  fixture.table.update(tenant.tenantId, to);
  await fixture.bus.publish(tenant.tenantId);
  await eventually(async () => (await fixture.metric('tenantry_pool_evictions_total', { reason })) === 1);
}

async function pidOf(db: TenantDb): Promise<number | undefined> {
  return (await db.$queryRaw<{ pid: number }[]>`SELECT pg_backend_pid() AS pid`)[0]?.pid;
}

describe('a change of the password', () => {
  beforeEach(async () => {
    await open();
    return async () => {
      await held[Symbol.asyncDispose]();
      await fixture[Symbol.asyncDispose]();
    };
  });

  test('lets a lease be used until it is returned, and gives new ones connections of their own', async () => {
    const former = await pidOf(held.db);
    const rotated = await held.db.$transaction(async (tx) => {
      await tx.user.count();
      await change(await changePassword(), 'rotated');
      return await tx.user.count();
    });
    expect(rotated).toBe(0);
    await using fresh = await fixture.pool.lease(tenant.tenantId, { operation });
    const present = await pidOf(fresh.db);
    expect(await pidOf(held.db)).toBe(former);
    expect(present).not.toBe(former);
    await held[Symbol.asyncDispose]();
    await eventually(async () => !(await databases.sessions(tenant)).includes(former ?? 0));
    expect(await pidOf(fresh.db)).toBe(present);
  });

  test('does not keep a suspension or an eviction from taking such a lease away', async () => {
    await change(await changePassword(), 'rotated');
    await using fresh = await fixture.pool.lease(tenant.tenantId, { operation });
    await fixture.pool.evict(tenant.tenantId, 'a test wants so');
    for (const { db } of [held, fresh]) await expect(db.user.count()).rejects.toThrow(/a test wants so/);

    const again = await fixture.pool.lease(tenant.tenantId, { operation });
    fixture.table.update(tenant.tenantId, await changePassword());
    await fixture.bus.publish(tenant.tenantId);
    await eventually(async () => (await fixture.metric('tenantry_pool_evictions_total', { reason: 'rotated' })) === 2);
    expect(await again.db.user.count()).toBe(0);
    fixture.table.update(tenant.tenantId, { status: 'SUSPENDED' });
    await fixture.bus.publish(tenant.tenantId);
    await expect.poll(async () => await again.db.user.count().catch((error: unknown) => error)).toBeInstanceOf(TenantSuspendedError);
  });

  test('does not count against the tenant what the former password can no longer do', async () => {
    await change(await changePassword(), 'rotated');
    await databases.administer('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [tenant.database]);
    await expect.poll(async () => await held.db.user.count().catch(String)).toMatch(/refused its credentials/);
    expect(await fixture.metric('tenantry_pool_breaker_changes_total')).toBe(0);
    const { reads } = fixture.table;
    await expect(held.db.user.count()).rejects.toThrow(/refused its credentials/);
    expect(fixture.table.reads).toBe(reads);
    await using fresh = await fixture.pool.lease(tenant.tenantId, { operation });
    expect(await fresh.db.user.count()).toBe(0);
  });

  test('that comes with a move revokes as a move does', async () => {
    await change({ ...(await changePassword()), host: 'localhost' }, 'moved');
    await expect(held.db.user.count()).rejects.toThrow(/has moved/);
  });
});

test('a lease of a former password is revoked when it is not returned by the drain’s deadline', async () => {
  await open({ drainDeadlineMs: 200 });
  await change(await changePassword(), 'rotated');
  expect(await held.db.user.count()).toBe(0);
  await expect.poll(async () => await held.db.user.count().catch((error: unknown) => error)).toBeInstanceOf(LeaseRevokedError);
  await fixture[Symbol.asyncDispose]();
});
