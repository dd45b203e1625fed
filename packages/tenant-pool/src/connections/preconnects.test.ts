import { once } from 'node:events';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { startDisposablePostgres } from '@tenantry/backing-services';
import { Client } from 'pg';
import { expect, onTestFinished, test, vi } from 'vitest';
import { openTestServer, type TestServer } from '../testing/test-server.ts';
import { Preconnects, type PreconnectsOptions, type ServerAddress } from './preconnects.ts';
import { sharedLookup } from './shared-lookup.ts';

/** A server that only counts who comes. */
class Listener {
  /** Of all who came. */
  readonly sockets: readonly Socket[];
  readonly address: ServerAddress;
  readonly #server: TestServer;

  static async open(): Promise<Listener> {
    const sockets: Socket[] = [];
    const listener = new Listener(await openTestServer((socket) => sockets.push(socket)), sockets);
    onTestFinished(async () => await listener.close());
    return listener;
  }

  private constructor(server: TestServer, sockets: Socket[]) {
    this.#server = server;
    this.sockets = sockets;
    this.address = { host: '127.0.0.1', port: server.port };
  }

  /** Hangs up on all who came, and on all who will. */
  async close(): Promise<void> {
    await this.#server[Symbol.asyncDispose]();
  }

  async hasSeen(count: number): Promise<void> {
    await vi.waitUntil(() => this.sockets.length === count);
  }
}

function open(options: Partial<PreconnectsOptions> = {}): Preconnects {
  const preconnects = new Preconnects({ perServer: 1, lookup: sharedLookup(), ...options });
  onTestFinished(() => preconnects[Symbol.dispose]());
  return preconnects;
}

async function connected(socket: Socket, { host, port }: ServerAddress): Promise<Socket> {
  onTestFinished(() => void socket.destroy());
  socket.connect(port, host);
  await once(socket, 'connect');
  return socket;
}

test('who connects takes the socket that was ready, and only then is another one', async () => {
  const server = await Listener.open();
  const preconnects = open();
  preconnects.prepare(server.address);
  await server.hasSeen(1);
  await connected(preconnects.take(server.address), server.address);
  expect(server.sockets).toHaveLength(1);
  preconnects.prepare(server.address);
  await server.hasSeen(2);
});

test('a socket that is still connecting is taken too', async () => {
  const server = await Listener.open();
  const preconnects = open();
  preconnects.prepare(server.address);
  await vi.waitFor(() => expect(preconnects.size).toBe(1), { interval: 1 });
  await connected(preconnects.take(server.address), server.address);
  await server.hasSeen(1);
});

test('nobody gets a socket to another server', async () => {
  const [one, other] = [await Listener.open(), await Listener.open()];
  const preconnects = open();
  preconnects.prepare(one.address);
  await one.hasSeen(1);
  await connected(preconnects.take(other.address), other.address);
  await other.hasSeen(1);
  expect(one.sockets).toHaveLength(1);
});

test('a socket that the server hung up on is given to nobody', async () => {
  const server = await Listener.open();
  const preconnects = open();
  preconnects.prepare(server.address);
  await server.hasSeen(1);
  server.sockets[0]?.destroy();
  await vi.waitFor(() => expect(preconnects.size).toBe(0));
  await connected(preconnects.take(server.address), server.address);
  await server.hasSeen(2);
});

test('a server that is gone is not called again until somebody has connected to it', async () => {
  const server = await Listener.open();
  const preconnects = open();
  preconnects.prepare(server.address);
  await server.hasSeen(1);
  const { host, port } = server.address;
  await server.close();
  await vi.waitFor(() => expect(preconnects.size).toBe(0));
  const socket = preconnects.take({ host, port });
  socket.connect(port, host);
  await expect(once(socket, 'connect')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});

test('old sockets give way to young ones, and no more come once nobody has connected for long', async () => {
  const server = await Listener.open();
  const preconnects = open({ maxAgeMs: 20 });
  preconnects.prepare(server.address);
  await server.hasSeen(11);
  await vi.waitFor(() => expect(preconnects.size).toBe(0));
});

test('where none are wanted, none are made', async () => {
  const server = await Listener.open();
  const preconnects = open({ perServer: 0 });
  preconnects.prepare(server.address);
  await connected(preconnects.take(server.address), server.address);
  expect(server.sockets).toHaveLength(1);
});

test('for a Unix socket none are made', async () => {
  const asked: string[] = [];
  const preconnects = open({ lookup: (name) => void asked.push(name) });
  preconnects.prepare({ host: '/run/postgresql', port: 5432 });
  await sleep(20);
  expect([preconnects.size, asked]).toEqual([0, []]);
});

test('servers come and go without end, sockets do not', async () => {
  const preconnects = open();
  for (let port = 1; port <= 100; port += 1) preconnects.prepare({ host: '127.0.0.2', port });
  const server = await Listener.open();
  preconnects.prepare(server.address);
  await server.hasSeen(1);
  expect(preconnects.size).toBeLessThanOrEqual(32);
});

test('nothing is left when it is disposed of', async () => {
  const server = await Listener.open();
  const preconnects = open();
  preconnects.prepare(server.address);
  await server.hasSeen(1);
  const closed = server.sockets.map(async (socket) => await once(socket.resume(), 'close'));
  preconnects[Symbol.dispose]();
  await Promise.all(closed);
  expect(preconnects.size).toBe(0);
});

test('Postgres counts those that wait on no limit of connections, and signs in whoever takes one', async () => {
  const settings = { max_connections: '5', superuser_reserved_connections: '0', reserved_connections: '0' };
  await using server = await startDisposablePostgres({ settings });
  const { hostname: host, port, username: user, password } = new URL(server.url);
  const address = { host, port: Number(port) };
  const preconnects = open({ perServer: 5 });
  preconnects.prepare(address);
  await vi.waitFor(() => expect(preconnects.size).toBe(5));

  await using clients = new AsyncDisposableStack();
  const connect = async (stream?: () => Socket) => {
    const client = new Client({
      ...address,
      user,
      password: decodeURIComponent(password),
      database: 'postgres',
      ...(stream && { stream }),
    });
    await client.connect();
    clients.defer(async () => await client.end());
    return client;
  };
  for (let count = 0; count < 4; count += 1) await connect();
  const last = await connect(() => preconnects.take(address));
  expect(preconnects.size).toBe(4);
  const signedIn = 'SELECT count(*)::int AS count FROM pg_stat_activity WHERE datname IS NOT NULL AND usesysid IS NOT NULL';
  expect((await last.query(signedIn)).rows).toEqual([{ count: 5 }]);
  await expect(connect()).rejects.toMatchObject({ code: '53300' });
});
