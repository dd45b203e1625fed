import { Pool, type Client } from 'pg';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { TenantPlacement } from '../directory/placement.ts';
import type { TenantDb } from '../lease.ts';
import { openFaultyProxy } from '../testing/faulty-proxy.ts';
import { openPool } from '../testing/pool-fixture.ts';
import { createTenantDatabases, type TenantDatabases } from '../testing/tenant-databases.ts';
import { openTestServer } from '../testing/test-server.ts';
import { PooledClient, type ConnectionConfig, type PooledClientOptions } from './pooled-client.ts';

let databases: TenantDatabases;
let tenant: TenantPlacement;

beforeAll(async () => {
  databases = await createTenantDatabases(1);
  tenant = databases.tenant(0);
});
afterAll(async () => await databases?.[Symbol.asyncDispose]());

async function backend(db: TenantDb): Promise<number | undefined> {
  return (await db.$queryRaw<{ pid: number }[]>`SELECT pg_backend_pid() AS pid`)[0]?.pid;
}

test('a connection outlives a statement that the database refused', async () => {
  await using fixture = await openPool(databases);
  await using lease = await fixture.pool.lease(tenant.tenantId, { operation: 'test' });
  const before = await backend(lease.db);
  await lease.db.team.create({ data: { name: 'once' } });
  await expect(lease.db.team.create({ data: { name: 'once' } })).rejects.toMatchObject({ code: 'P2002' });
  await expect(lease.db.$queryRaw`SELECT 1/0`).rejects.toMatchObject({ code: 'P2010' });
  expect(await backend(lease.db)).toBe(before);
});

test('a connection on which a transaction was left open is used by nobody else', async () => {
  await using fixture = await openPool(databases, { limits: { connectionsPerTenant: 1 } });
  await using lease = await fixture.pool.lease(tenant.tenantId, { operation: 'test' });
  const before = await backend(lease.db);
  await lease.db.$executeRaw`BEGIN`;
  await lease.db.team.create({ data: { name: 'kept' } });
  expect(await backend(lease.db)).not.toBe(before);
  expect(await databases.within(tenant, "SELECT name FROM teams WHERE name = 'kept'")).toEqual([{ name: 'kept' }]);
});

test('a connection whose refused statement left a transaction open is used by nobody else', async () => {
  await using fixture = await openPool(databases, { limits: { connectionsPerTenant: 1 } });
  await using lease = await fixture.pool.lease(tenant.tenantId, { operation: 'test' });
  const before = await backend(lease.db);
  await expect(lease.db.$executeRawUnsafe('BEGIN; SELECT 1/0')).rejects.toMatchObject({ code: 'P2010' });
  expect(await backend(lease.db)).not.toBe(before);
});

test('nobody who waits for a connection runs in the failed transaction of who had it before', async () => {
  await using fixture = await openPool(databases, { limits: { connectionsPerTenant: 1 } });
  await using lease = await fixture.pool.lease(tenant.tenantId, { operation: 'test' });
  for (let times = 0; times < 25; times += 1) {
    const outcomes = await Promise.allSettled([lease.db.$executeRawUnsafe('BEGIN; SELECT 1/0'), lease.db.user.count()]);
    expect(outcomes).toEqual([expect.objectContaining({ status: 'rejected' }), { status: 'fulfilled', value: 0 }]);
  }
});

test('a connection that its server refuses ends, though the server leaves it open', async () => {
  const refusal = Buffer.from('SFATAL\0C53300\0Msorry, too many clients already\0\0');
  const length = Buffer.alloc(4);
  length.writeInt32BE(refusal.length + length.length);
  await using refusing = await openTestServer(
    (socket) => void socket.once('data', () => socket.write(Buffer.concat([Buffer.from('E'), length, refusal]))),
  );
  const { promise: ended, resolve: onEnd } = Promise.withResolvers<Client>();
  const config = { host: '127.0.0.1', port: refusing.port, user: 'nobody' };
  const pool = new Pool(optionsOf(config, onEnd));
  await expect(pool.connect()).rejects.toMatchObject({ code: '53300' });
  await ended;
  await pool.end();
});

test('a connection that is lost between two who use it ends nothing but itself', async () => {
  const { promise: ended, resolve: onEnd } = Promise.withResolvers<Client>();
  const pool = new Pool(optionsOf(superuser(), onEnd));
  const client = await pool.connect();
  await expect(client.query('SELECT pg_terminate_backend(pg_backend_pid())')).rejects.toMatchObject({ code: '57P01' });
  await ended;
  client.release();
  await pool.end();
});

test('a connection to a port that is none ends at once', async () => {
  const { promise: ended, resolve: onEnd } = Promise.withResolvers<Client>();
  const pool = new Pool(optionsOf({ host: '127.0.0.1', port: 70_000, user: 'nobody' }, onEnd));
  await expect(pool.connect()).rejects.toMatchObject({ code: 'ERR_SOCKET_BAD_PORT' });
  await ended;
  await pool.end();
});

test('a connection that is closed while its server says nothing is cut off', async () => {
  await using proxy = await openFaultyProxy(superuser());
  const { promise: ended, resolve: onEnd } = Promise.withResolvers<Client>();
  const pool = new Pool(optionsOf({ ...superuser(), port: proxy.port }, onEnd));
  const client = await pool.connect();
  proxy.mode = 'silence';
  client.release(true);
  expect(await ended).toBe(client);
  await pool.end();
});

/** Of the tests' Postgres. */
function superuser(): ConnectionConfig & { host: string; port: number } {
  const { hostname: host, port, username: user, password } = new URL(inject('postgresUrl'));
  return { host, port: Number(port), user, password: decodeURIComponent(password), database: 'postgres' };
}

function optionsOf(connection: ConnectionConfig, onEnd: (client: Client) => void): PooledClientOptions {
  return { Client: PooledClient, connection, watcher: { onStart: () => {}, onLeave: () => {}, onEnd } };
}
