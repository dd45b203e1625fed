import { setTimeout as sleep } from 'node:timers/promises';
import { seal } from '@tenantry/service';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TenantPlacement } from '../directory/placement.ts';
import { TenantBusyError, TenantUnavailableError } from '../errors.ts';
import { eventually } from '../testing/eventually.ts';
import { openPool, type PoolFixture } from '../testing/pool-fixture.ts';
import { createTenantDatabases, type TenantDatabases } from '../testing/tenant-databases.ts';
import { connectionFailure } from './connection-failure.ts';

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

describe('an error', () => {
  test.each([
    ['unreachable', { code: 'EAI_AGAIN' }, 'getaddrinfo EAI_AGAIN db.example'],
    ['unreachable', { code: 'EHOSTUNREACH' }, 'connect EHOSTUNREACH 10.0.0.1:5432'],
    ['unreachable', { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }, 'self-signed certificate'],
    ['unreachable', { code: 'ERR_TLS_CERT_ALTNAME_INVALID' }, "Hostname/IP does not match certificate's altnames"],
    ['unreachable', { code: 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION' }, 'tlsv1 alert protocol version'],
    ['unreachable', { code: 'ECONNRESET' }, 'Client network socket disconnected before secure TLS connection was established'],
    ['unreachable', { code: '57P03', severity: 'FATAL' }, 'the database system is starting up'],
    ['unreachable', { code: '55000', severity: 'FATAL' }, 'database "tenant_1" is not currently accepting connections'],
    ['missing-database', { code: '57P04', severity: 'FATAL' }, 'terminating connection because of DROP DATABASE'],
    ['overload', { code: '53300', severity: 'FATAL' }, 'too many connections for role "tenant_1"'],
    ['overload', { code: 'EMFILE' }, 'connect EMFILE 10.0.0.1:5432'],
    ['authentication', { code: '28000', severity: 'FATAL' }, 'no pg_hba.conf entry for host "10.0.0.1"'],
    ['authentication', { code: '42501', severity: 'FATAL' }, 'permission denied for database "tenant_1"'],
    ['authentication', {}, 'SASL: SCRAM-SERVER-FINAL-MESSAGE: server signature does not match'],
    [null, { code: '42501', severity: 'ERROR' }, 'permission denied for table users'],
    [null, { code: '55000', severity: 'ERROR' }, 'currval of sequence "s" is not yet defined in this session'],
    [null, { code: '57014', severity: 'ERROR' }, 'canceling statement due to statement timeout'],
    [null, {}, 'anything else'],
  ])('is %s with %j and the words "%s"', (failure, properties, words) => {
    expect(connectionFailure(Object.assign(new Error(words), properties))).toBe(failure);
  });

  test('of several addresses is what they have in common, and what is no error at all is nothing', () => {
    const refused = Object.assign(new AggregateError([new Error('::1'), new Error('127.0.0.1')]), { code: 'ECONNREFUSED' });
    expect(connectionFailure(refused)).toBe('unreachable');
    for (const nothing of [null, undefined, 'ECONNREFUSED', { code: 'ECONNREFUSED' }]) expect(connectionFailure(nothing)).toBeNull();
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

  test.each([
    ['TENANT_BUSY', 'has no connections left for its role', 'ALTER ROLE %s CONNECTION LIMIT 0', 'ALTER ROLE %s CONNECTION LIMIT -1'],
    ['TENANT_UNAVAILABLE', 'takes no connections', 'ALTER DATABASE %s ALLOW_CONNECTIONS false', 'ALTER DATABASE %s ALLOW_CONNECTIONS true'],
    ['TENANT_UNAVAILABLE', 'lets its role in no more', 'ALTER ROLE %s NOLOGIN', 'ALTER ROLE %s LOGIN'],
  ])('gives %s when it %s, until it does again', async (code, _why, close, open) => {
    await using fixture = await openPool(databases);
    const count = async () => {
      await using lease = await fixture.pool.lease(fourth.tenantId, { operation });
      return await lease.db.user.count();
    };
    await databases.administer(close.replace('%s', fourth.role));
    await expect(count()).rejects.toMatchObject({ code });
    await databases.administer(open.replace('%s', fourth.role));
    await expect.poll(async () => await count().catch(() => -1), { timeout: 10_000 }).toBe(0);
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
    await expect(lease.db.user.count()).rejects.toThrow(TenantUnavailableError);
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
