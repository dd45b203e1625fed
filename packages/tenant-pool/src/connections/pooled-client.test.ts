import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { Pool, type ClientConfig } from 'pg';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { TenantPlacement } from '../directory/placement.ts';
import type { TenantDb } from '../lease.ts';
import { openPool } from '../testing/pool-fixture.ts';
import { createTenantDatabases, type TenantDatabases } from '../testing/tenant-databases.ts';
import { PooledClient, type PooledClientOptions } from './pooled-client.ts';

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

test('a connection that its server refuses ends, though the server leaves it open', async () => {
  const refusal = Buffer.from('SFATAL\0C53300\0Msorry, too many clients already\0\0');
  const length = Buffer.alloc(4);
  length.writeInt32BE(refusal.length + length.length);
  await using server = await openServer(
    (socket) => void socket.once('data', () => socket.write(Buffer.concat([Buffer.from('E'), length, refusal]))),
  );
  const { promise: ended, resolve: onEnd } = Promise.withResolvers<void>();
  const config = { host: '127.0.0.1', port: server.port, user: 'nobody' };
  const pool = new Pool(optionsOf(config, onEnd));
  await expect(pool.connect()).rejects.toMatchObject({ code: '53300' });
  await ended;
  await pool.end();
});

test('a connection that is lost between two who use it ends nothing but itself', async () => {
  const { hostname: host, port, username: user, password } = new URL(inject('postgresUrl'));
  const config = { host, port: Number(port), user, password: decodeURIComponent(password), database: 'postgres' };
  const { promise: ended, resolve: onEnd } = Promise.withResolvers<void>();
  const pool = new Pool(optionsOf(config, onEnd));
  const client = await pool.connect();
  await expect(client.query('SELECT pg_terminate_backend(pg_backend_pid())')).rejects.toMatchObject({ code: '57P01' });
  await ended;
  client.release();
  await pool.end();
});

async function openServer(onConnection: (socket: Socket) => void): Promise<AsyncDisposable & { port: number }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => {}));
    onConnection(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port was given');
  return {
    port: address.port,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

function optionsOf(connection: ClientConfig, onEnd: () => void): PooledClientOptions {
  return { Client: PooledClient, connection, watcher: { onStart: () => {}, onLeave: () => {}, onEnd } };
}
