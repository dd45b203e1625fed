import { setTimeout as sleep } from 'node:timers/promises';
import { seal } from '@tenantry/service';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  LeaseEndedError,
  LeaseRevokedError,
  TenantBusyError,
  TenantMigratingError,
  TenantNotFoundError,
  TenantSuspendedError,
  TenantUnavailableError,
  TenantWakingError,
} from './errors.ts';
import type { TenantPlacement } from './directory/placement.ts';
import { openPool, type PoolFixture } from './testing/pool-fixture.ts';
import { createTenantDatabases, type TenantDatabases } from './testing/tenant-databases.ts';

const operation = 'test';

let databases: TenantDatabases;
let first: TenantPlacement;
let second: TenantPlacement;
let third: TenantPlacement;

beforeAll(async () => {
  databases = await createTenantDatabases(4);
  const [a, b, c] = databases.placements;
  if (!a || !b || !c) throw new Error('three tenants are needed');
  [first, second, third] = [a, b, c];
});
afterAll(async () => await databases?.[Symbol.asyncDispose]());

const sessions = async (placement: TenantPlacement) =>
  await databases.administer<{ pid: number; application_name: string }>(
    'SELECT pid, application_name FROM pg_stat_activity WHERE datname = $1',
    [placement.database],
  );

/** Settles soon after; what it waits for has no event. */
async function eventually(condition: () => Promise<boolean> | boolean): Promise<void> {
  await expect.poll(condition, { timeout: 5000, interval: 10 }).toBe(true);
}

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
    expect(await sessions(first)).toHaveLength(1);
    expect(fixture.table.reads).toBe(1);
    expect(await fixture.metric('tenantry_pool_leases')).toBe(20);
    await Promise.all(leases.map(async (lease) => await lease[Symbol.asyncDispose]()));
    expect(await fixture.metric('tenantry_pool_leases')).toBe(0);
  });

  test('takes more connections while work asks for them, up to the tenant’s limit', async () => {
    await using fixture = await openPool(databases, { limits: { connectionsPerTenant: 3, idleConnectionMs: 20 } });
    await using lease = await fixture.pool.lease(first.tenantId, { operation });
    const work = Promise.all(Array.from({ length: 9 }, async () => await lease.db.$queryRaw`SELECT 1 FROM pg_sleep(0.1)`));
    await sleep(60);
    expect(await sessions(first)).toHaveLength(3);
    expect(await fixture.metric('tenantry_pool_reserved_connections')).toBe(3);
    await work;
    await eventually(async () => (await fixture.metric('tenantry_pool_reserved_connections')) === 1);
    expect(await lease.db.user.count()).toBe(0);
  });

  test('can be waited for until a signal aborts', async () => {
    await using fixture = await openPool(databases, { limits: { connectionsPerCluster: 1 } });
    await using _held = await fixture.pool.lease(first.tenantId, { operation });
    const signal = AbortSignal.timeout(30);
    await expect(fixture.pool.lease(second.tenantId, { operation, signal })).rejects.toThrow(/timeout/);
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
    await eventually(async () => (await sessions(first)).length === 0);
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
    const before = await sessions(first);
    await fixture.pool.evict(first.tenantId, 'a test wants so');
    expect(await sessions(first)).toEqual([]);
    await expect(lease.db.user.count()).rejects.toThrow(/a test wants so/);
    await expect(lease.db.user.count()).rejects.toMatchObject({ code: 'TENANT_UNAVAILABLE', retryAfterMs: 100 });
    await using again = await fixture.pool.lease(first.tenantId, { operation });
    expect(await again.db.user.count()).toBe(0);
    expect(await sessions(first)).not.toEqual(before);
  });
});

describe('the budget of a cluster', () => {
  const limits = { connectionsPerCluster: 2, acquireDeadlineMs: 150 };

  test('is kept by closing the least recently used tenant', async () => {
    await using fixture = await openPool(databases, { limits });
    for (const { tenantId } of [first, second]) await (await fixture.pool.lease(tenantId, { operation }))[Symbol.asyncDispose]();
    await using lease = await fixture.pool.lease(third.tenantId, { operation });
    expect(await lease.db.user.count()).toBe(0);
    expect(await Promise.all([first, second, third].map(async (tenant) => (await sessions(tenant)).length))).toEqual([0, 1, 1]);
    expect(await fixture.metric('tenantry_pool_evictions_total', { reason: 'capacity' })).toBe(1);
  });

  test('is never taken from who holds a lease: others get TENANT_BUSY', async () => {
    await using fixture = await openPool(databases, { limits });
    await using a = await fixture.pool.lease(first.tenantId, { operation });
    await using b = await fixture.pool.lease(second.tenantId, { operation });
    const refused: unknown = await fixture.pool.lease(third.tenantId, { operation }).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(TenantBusyError);
    expect(refused).toMatchObject({ code: 'TENANT_BUSY', retryAfterMs: expect.any(Number) });
    expect(await Promise.all([a, b].map(async ({ db }) => await db.user.count()))).toEqual([0, 0]);
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
    await using busy = await fixture.pool.lease(first.tenantId, { operation });
    await Promise.all([1, 2].map(async () => await busy.db.$queryRaw`SELECT 1 FROM pg_sleep(0.05)`));
    expect(await sessions(first)).toHaveLength(2);
    await using granted = await fixture.pool.lease(second.tenantId, { operation });
    expect(await granted.db.user.count()).toBe(0);
    expect(await sessions(first)).toHaveLength(1);
  });

  test('is not exceeded whatever is asked of it', async () => {
    await using fixture = await openPool(databases, { limits: { connectionsPerCluster: 3, acquireDeadlineMs: 10_000 } });
    let most = 0;
    const over = new AbortController();
    const watch = async () => {
      while (!over.signal.aborted) {
        const names = databases.placements.map(({ database }) => database);
        const [row] = await databases.administer<{ count: number }>(
          'SELECT count(*)::int AS count FROM pg_stat_activity WHERE datname = ANY($1)',
          [names],
        );
        most = Math.max(most, row?.count ?? 0);
      }
    };
    const watching = watch();
    await Promise.all(
      Array.from({ length: 60 }, async (_, index) => {
        const tenant = databases.placements[index % databases.placements.length] ?? first;
        await using lease = await fixture.pool.lease(tenant.tenantId, { operation });
        await Promise.all([1, 2, 3].map(async () => await lease.db.$queryRaw`SELECT 1 FROM pg_sleep(0.002)`));
      }),
    );
    over.abort();
    await watching;
    expect(most).toBe(3);
  });
});

describe('a tenant that nobody uses', () => {
  test('is closed', async () => {
    await using fixture = await openPool(databases, { limits: { idleTenantMs: 50 } });
    {
      await using _lease = await fixture.pool.lease(first.tenantId, { operation });
    }
    await eventually(async () => (await sessions(first)).length === 0);
    expect(await fixture.metric('tenantry_pool_evictions_total', { reason: 'idle' })).toBe(1);
  });
});

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
    await eventually(async () => (await sessions(first)).length === 1);
    await sleep(30);
    await databases.administer('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [first.database]);
    expect(await outcome).toBeInstanceOf(TenantUnavailableError);
    expect(await lease.db.user.count()).toBe(0);
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
    const tenant = databases.placements[3] ?? first;
    await fixture.directory.lookup(tenant.tenantId);
    const { credentialVersion } = await change(fixture, tenant);
    await using lease = await fixture.pool.lease(tenant.tenantId, { operation });
    expect(await lease.db.user.count()).toBe(0);
    expect((await fixture.directory.lookup(tenant.tenantId)).credentialVersion).toBe(credentialVersion);
    expect(fixture.table.reads).toBe(2);
  });

  test('is TENANT_UNAVAILABLE while the catalog does not know it', async () => {
    await using fixture = await openPool(databases);
    fixture.table.update(first.tenantId, { sealedPassword: seal('wrong', first.tenantId, databases.keyRing) });
    await expect(fixture.pool.lease(first.tenantId, { operation })).rejects.toThrow(TenantUnavailableError);
    expect(fixture.table.reads).toBe(2);
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
    expect(await sessions(first)).toEqual([]);
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
