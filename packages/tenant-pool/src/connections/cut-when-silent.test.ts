import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { expect, inject, test } from 'vitest';
import { connectionFailure } from './connection-failure.ts';
import { cutWhenSilent } from './cut-when-silent.ts';

const server = new URL(inject('postgresUrl'));

/** A way to Postgres that can fall silent, as a network does: nothing arrives any more, and nothing is closed. */
async function openFadingWay(): Promise<AsyncDisposable & { port: number; fade: () => void }> {
  const sockets = new Set<Socket>();
  const way = createServer((client) => {
    const upstream = connect(Number(server.port), server.hostname);
    for (const socket of [client, upstream]) sockets.add(socket.on('error', () => {}));
    client.pipe(upstream);
    upstream.pipe(client);
  });
  way.listen(0, '127.0.0.1');
  await once(way, 'listening');
  const address = way.address();
  if (address === null || typeof address === 'string') throw new Error('no port was given');
  return {
    port: address.port,
    fade: () => {
      for (const socket of sockets) socket.unpipe().pause();
    },
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      way.close();
      await once(way, 'close');
    },
  };
}

async function connectedBy(port: number, deadlineMs: number): Promise<Client & AsyncDisposable> {
  const client = new Client({ connectionString: Object.assign(new URL(server), { port: String(port) }).href });
  client.on('error', () => {});
  await client.connect();
  cutWhenSilent(client, deadlineMs);
  return Object.assign(client, { [Symbol.asyncDispose]: async () => await client.end() });
}

test('a connection whose server falls silent is cut, and its statement fails as an outage', async () => {
  await using way = await openFadingWay();
  await using client = await connectedBy(way.port, 150);
  way.fade();
  const error: unknown = await client.query('SELECT 1').catch((reason: unknown) => reason);
  expect(error).toMatchObject({ code: 'ETIMEDOUT', message: 'Nothing was heard of the server for 150 ms.' });
  expect(connectionFailure(error)).toBe('unreachable');
  await expect(client.query('SELECT 1')).rejects.toThrow('not queryable');
});

test('a connection on which something is said now and then is left alone, however long it lives', async () => {
  await using way = await openFadingWay();
  await using client = await connectedBy(way.port, 150);
  for (let times = 0; times < 6; times += 1) {
    await client.query('SELECT 1');
    await sleep(50);
  }
  expect((await client.query('SELECT 42 AS answer')).rows).toEqual([{ answer: 42 }]);
});

test('a deadline of 0 is never', async () => {
  await using way = await openFadingWay();
  await using client = await connectedBy(way.port, 0);
  await sleep(100);
  expect((await client.query('SELECT 42 AS answer')).rows).toEqual([{ answer: 42 }]);
});
