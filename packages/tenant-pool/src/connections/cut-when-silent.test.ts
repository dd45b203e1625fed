import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { expect, inject, test } from 'vitest';
import { openTestServer } from '../testing/test-server.ts';
import { connectionFailure } from './connection-failure.ts';
import { cutWhenSilent } from './cut-when-silent.ts';

const server = new URL(inject('postgresUrl'));

/** A way to Postgres that can fall silent, as a network does: nothing arrives any more, and nothing is closed. */
async function openFadingWay(): Promise<AsyncDisposable & { port: number; fade: () => void }> {
  const ends = new Set<Socket>();
  const way = await openTestServer((client) => {
    const upstream = connect(Number(server.port), server.hostname).on('error', () => {});
    client.once('close', () => upstream.destroy());
    client.pipe(upstream).pipe(client);
    ends.add(client).add(upstream);
  });
  const fade = () => {
    for (const end of ends) end.unpipe().pause();
  };
  return Object.assign(way, { fade });
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
