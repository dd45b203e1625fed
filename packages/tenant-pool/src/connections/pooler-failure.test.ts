import { setTimeout as sleep } from 'node:timers/promises';
import { seal } from '@tenantry/service';
import { Pool } from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import type { TenantPlacement } from '../directory/placement.ts';
import { defaultLimits } from '../limits.ts';
import { openPool, type PoolFixture } from '../testing/pool-fixture.ts';
import { createPooledTenants, type PooledTenants } from '../testing/pooled-tenants.ts';
import { connectionConfig } from './connection-config.ts';
import { connectionFailure } from './connection-failure.ts';
import { poolerFailure } from './pooler-failure.ts';

const missing: string = inject('pgBouncerMissing');
const operation = 'test';
const retry = { timeout: 15_000, interval: 50 };

async function count({ pool }: PoolFixture, { tenantId }: TenantPlacement): Promise<number> {
  await using lease = await pool.lease(tenantId, { operation });
  return await lease.db.user.count();
}

describe('what PgBouncer says', () => {
  test.each([
    ['SASL authentication failed', 'authentication'],
    ['password authentication failed', 'authentication'],
    ['password authentication failed for user "tenant_1"', 'authentication'],
    ['no such user', 'authentication'],
    ['No such user: tenant_1', 'authentication'],
    ['bouncer config error', 'authentication'],
    ['server login failed: wrong password type', 'authentication'],
    ['server login has been failing, cached error: password authentication failed for user "x" (server_login_retry)', 'authentication'],
    ['role "tenant_1" does not exist', 'authentication'],
    ['permission denied for database "tenant_1"', 'authentication'],
    ['no such database: tenant_1', 'missing-database'],
    ['database "tenant_1" does not exist', 'missing-database'],
    ['server login has been failing, cached error: database "tenant_1" does not exist (server_login_retry)', 'missing-database'],
    ['query_wait_timeout', 'overload'],
    ['no more connections allowed (max_client_conn)', 'overload'],
    ['client connections exceeded (max_db_client_connections)', 'overload'],
    ['too many connections for role "tenant_1"', 'overload'],
    ['too many connections for database "tenant_1"', 'overload'],
    ['sorry, too many clients already', 'overload'],
    ['remaining connection slots are reserved for roles with the SUPERUSER attribute', 'overload'],
    ['server login has been failing, try again later (server_login_retry)', 'unreachable'],
    ['server conn crashed?', 'unreachable'],
    ['server DNS lookup failed', 'unreachable'],
    ['client_login_timeout (server down)', 'unreachable'],
    ['the database system is starting up', 'unreachable'],
    ['database "tenant_1" is not currently accepting connections', 'unreachable'],
    ['database "tenant_1" is disabled', 'unreachable'],
    ['database removed', 'unreachable'],
    ['server shutting down', 'unreachable'],
    ['unsupported startup parameter: statement_timeout', 'unreachable'],
    ['what a later version says', 'unreachable'],
    ['query timeout', null],
    ['idle transaction timeout', null],
  ])('in the words "%s" is %s', (words, failure) => {
    expect(poolerFailure(words)).toBe(failure);
    expect(connectionFailure(Object.assign(new Error(words), { code: '08P01', severity: 'FATAL' }))).toBe(failure);
  });
});

test('a protocol violation that is a statement’s own is no failure of the connection', () => {
  const error = new Error('bind message supplies 1 parameters, but prepared statement "" requires 2');
  expect(connectionFailure(Object.assign(error, { code: '08P01', severity: 'ERROR' }))).toBeNull();
});

describe(`through PgBouncer, for real ${missing}`, () => {
  let tenants: PooledTenants;
  let first: TenantPlacement;
  let other: TenantPlacement;

  beforeEach(({ skip }) => skip(missing !== '', missing));
  beforeAll(async () => {
    if (missing !== '') return;
    tenants = await createPooledTenants(6, { default_pool_size: '1', query_wait_timeout: '1' });
    [first, other] = [tenants.databases.tenant(0), tenants.databases.tenant(1)];
  });
  afterAll(async () => await tenants?.[Symbol.asyncDispose]());

  /** What a pool's own connection fails with. */
  const failureAt = async (change: Partial<TenantPlacement>, password = 'wrong'): Promise<unknown> => {
    const placement = { ...first, ...change };
    await using pool = disposable(
      new Pool(connectionConfig({ placement, password: () => password, service: 'test', limits: defaultLimits })),
    );
    return await pool.connect().then(
      () => null,
      (error: unknown) => [connectionFailure(error), error instanceof Error ? error.message : error],
    );
  };

  test.each([
    ['a wrong password', {}, ['authentication', 'SASL authentication failed']],
    ['a role that is no tenant’s', { role: 'nobody' }, ['authentication', 'no such user']],
    [
      'start-up parameters that it does not pass on',
      { pooling: 'direct' },
      ['unreachable', 'unsupported startup parameter: statement_timeout'],
    ],
    ['TLS where it has none', { sslMode: 'require' }, ['unreachable', 'The server does not support SSL connections']],
  ] as const)('%s is refused', async (_what, change, failure) => {
    expect(await failureAt(change)).toEqual(failure);
  });

  test('a tenant without a server connection to be had is busy, and so is one whose pooler is paused', async () => {
    await using fixture = await openPool(tenants.databases);
    await using lease = await fixture.pool.lease(first.tenantId, { operation });
    const { db } = lease;
    const holding = db.$transaction(async (tx) => await tx.$queryRaw`SELECT 1 FROM pg_sleep(1.8)`, { timeout: 5000 });
    await expect.poll(async () => await stateOf(first), retry).toBe('active');
    await expect(db.user.count()).rejects.toMatchObject({ code: 'TENANT_BUSY', retryAfterMs: expect.any(Number) });
    await holding;
    expect(await db.user.count()).toBe(0);

    await tenants.pgBouncer.administer('PAUSE');
    await expect(db.user.count()).rejects.toMatchObject({ code: 'TENANT_BUSY' });
    await tenants.pgBouncer.administer('RESUME');
    expect(await db.user.count()).toBe(0);
  });

  test('a tenant whose pooler takes no more clients is busy', async () => {
    await using fixture = await openPool(tenants.databases);
    expect(await count(fixture, first)).toBe(0);
    await tenants.pgBouncer.administer('SET max_client_conn = 1');
    await expect(count(fixture, other)).rejects.toMatchObject({ code: 'TENANT_BUSY' });
    await tenants.pgBouncer.administer('SET max_client_conn = 100');
    expect(await count(fixture, other)).toBe(0);
  });

  test('a tenant whose role has no connections left is busy', async () => {
    const tenant = tenants.databases.tenant(2);
    await tenants.databases.administer(`ALTER ROLE ${tenant.role} CONNECTION LIMIT 0`);
    await using fixture = await openPool(tenants.databases);
    await expect(count(fixture, tenant)).rejects.toMatchObject({ code: 'TENANT_BUSY' });
    await tenants.databases.administer(`ALTER ROLE ${tenant.role} CONNECTION LIMIT -1`);
    await expect.poll(async () => await count(fixture, tenant).catch(() => -1), retry).toBe(0);
  });

  test('a server connection that was cut is not noticed between statements, and is an outage within one', async () => {
    await using fixture = await openPool(tenants.databases);
    await using lease = await fixture.pool.lease(first.tenantId, { operation });
    const { db } = lease;
    const cut = 'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1';
    await db.user.count();
    await tenants.databases.administer(cut, [first.role]);
    await expect.poll(async () => await stateOf(first), retry).toBe('gone');
    expect(await db.user.count()).toBe(0);

    const caught = codeOf(db.$queryRaw`SELECT 1 FROM pg_sleep(4)`);
    await expect.poll(async () => await stateOf(first), retry).toBe('active');
    await tenants.databases.administer(cut, [first.role]);
    expect(await caught).toBe('TENANT_UNAVAILABLE');
    await expect.poll(async () => await db.user.count().catch(() => -1), retry).toBe(0);
  });

  test('a password that was changed everywhere interrupts nobody', async () => {
    const tenant = tenants.databases.tenant(5);
    await using fixture = await openPool(tenants.databases);
    expect(await count(fixture, tenant)).toBe(0);
    await tenants.setPassword(tenant, 'another');
    expect(await count(fixture, tenant)).toBe(0);
    fixture.table.update(tenant.tenantId, {
      credentialVersion: 2,
      sealedPassword: seal('another', tenant.tenantId, tenants.databases.keyRing),
    });
    await fixture.bus.publish(tenant.tenantId);
    expect(await count(fixture, tenant)).toBe(0);
    await tenants.pgBouncer.administer('RECONNECT');
    expect(await count(fixture, tenant)).toBe(0);
    await expect.poll(async () => await fixture.metric('tenantry_pool_evictions_total', { reason: 'rotated' }), retry).toBe(1);
  });

  test('a database that takes no connections is unavailable until it does', async () => {
    const tenant = tenants.databases.tenant(3);
    await using fixture = await openPool(tenants.databases);
    const allow = async (allowed: boolean) =>
      await tenants.databases.administer(`ALTER DATABASE ${tenant.database} ALLOW_CONNECTIONS ${allowed}`);
    await allow(false);
    await expect.poll(async () => await codeOf(count(fixture, tenant)), retry).toBe('TENANT_UNAVAILABLE');
    expect(await count(fixture, other)).toBe(0);
    await allow(true);
    await expect.poll(async () => await count(fixture, tenant).catch(() => -1), retry).toBe(0);
  });

  test('a database that was dropped is unavailable, and its neighbours are not', async () => {
    const tenant = tenants.databases.tenant(4);
    await using fixture = await openPool(tenants.databases);
    expect(await count(fixture, tenant)).toBe(0);
    await tenants.databases.administer(`DROP DATABASE ${tenant.database} WITH (FORCE)`);
    await expect.poll(async () => await codeOf(count(fixture, tenant)), retry).toBe('TENANT_UNAVAILABLE');
    expect(await count(fixture, other)).toBe(0);
  });

  test('a pooler that is restarted under load is an outage with its own errors, and ends by itself', async () => {
    await using fixture = await openPool(tenants.databases);
    const codes = new Set<unknown>();
    const load = new AbortController();
    const loads = [first, other, first, other].map(async (tenant) => {
      while (!load.signal.aborted) {
        codes.add(await codeOf(count(fixture, tenant)));
        // A tenant that is known to be down is refused within the same turn of the event loop.
        await sleep(1);
      }
    });
    try {
      await expect.poll(() => codes.has('none'), retry).toBe(true);
      await tenants.pgBouncer.stop();
      await expect.poll(() => codes.has('TENANT_UNAVAILABLE'), retry).toBe(true);
      await tenants.pgBouncer.start();
      for (const tenant of [first, other]) await expect.poll(async () => await codeOf(count(fixture, tenant)), retry).toBe('none');
    } finally {
      load.abort();
      await Promise.all(loads);
    }
    expect(codes).toEqual(new Set(['none', 'TENANT_UNAVAILABLE']));
  });

  const stateOf = async ({ role }: TenantPlacement): Promise<string> => {
    const sql = 'SELECT state FROM pg_stat_activity WHERE usename = $1';
    return (await tenants.databases.administer<{ state: string }>(sql, [role]))[0]?.state ?? 'gone';
  };
});

async function codeOf(work: Promise<unknown>): Promise<unknown> {
  return await work.then(
    () => 'none',
    (error: unknown) => (error instanceof Error && 'code' in error ? error.code : error),
  );
}

function disposable(pool: Pool): Pool & AsyncDisposable {
  pool.on('error', () => {});
  return Object.assign(pool, { [Symbol.asyncDispose]: async () => await pool.end() });
}
