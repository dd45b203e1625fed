import { randomUUID } from 'node:crypto';
import { silentLogger } from '@tenantry/service';
import { Client } from 'pg';
import { beforeEach, describe, expect, inject, test } from 'vitest';
import { TenantUnavailableError } from '../errors.ts';
import { openPostgresMessages, openRedisMessages, type MessageServer } from '../testing/message-servers.ts';
import type { ChangeFeed } from './change-feed.ts';
import { openTenantEvents, type TenantEvents } from './tenant-events.ts';

interface Carrier extends MessageServer {
  open(): TenantEvents;
}

async function openPostgresCarrier(): Promise<Carrier> {
  const server = await openPostgresMessages();
  const { controlDatabaseUrl } = server;
  return { ...server, open: () => openTenantEvents({ controlDatabaseUrl, logger: silentLogger }) };
}

async function openRedisCarrier(): Promise<Carrier> {
  const server = await openRedisMessages();
  const { redis } = server;
  const controlDatabaseUrl = 'postgres://nobody@127.0.0.1:1/nowhere';
  return { ...server, open: () => openTenantEvents({ controlDatabaseUrl, redis, logger: silentLogger }) };
}

const carriers = [
  { name: 'Postgres', openCarrier: openPostgresCarrier, missing: '' },
  { name: 'Redis', openCarrier: openRedisCarrier, missing: inject('redisUrl') === null ? inject('redisMissing') : '' },
];

const topic = 'user';

async function take(feed: ChangeFeed, count: number): Promise<(string | null)[]> {
  const taken: (string | null)[] = [];
  while (taken.length < count) taken.push(await feed.next());
  return taken;
}

describe.for(carriers)('events over $name $missing', { concurrent: false }, ({ openCarrier, missing }) => {
  beforeEach(({ skip }) => skip(missing !== '', missing));

  test('reach who follows in any process, and nobody who follows another tenant or kind of thing', async () => {
    await using carrier = await openCarrier();
    await using one = carrier.open();
    await using another = carrier.open();
    const [tenantId, stranger] = [randomUUID(), randomUUID()];
    using near = await one.follow({ tenantId, topic });
    using far = await another.follow({ tenantId: tenantId.toUpperCase(), topic });
    using elsewhere = await another.follow({ tenantId: stranger, topic });
    using otherwise = await another.follow({ tenantId, topic: 'team' });
    one.announce({ tenantId, topic, id: 'ada' });
    expect(await Promise.all([near.next(), far.next()])).toEqual(['ada', 'ada']);
    // In the order of the channel: had the feeds been told of `ada`, they would have it before these.
    one.announce({ tenantId: stranger, topic, id: 'grace' });
    one.announce({ tenantId, topic: 'team', id: 'core' });
    expect(await Promise.all([elsewhere.next(), otherwise.next()])).toEqual(['grace', 'core']);
  });

  test('are in the feed when they are announced after it was opened, and not when after it was closed', async () => {
    await using carrier = await openCarrier();
    await using events = carrier.open();
    const tenantId = randomUUID();
    const closed = await events.follow({ tenantId, topic });
    closed[Symbol.dispose]();
    using feed = await events.follow({ tenantId, topic });
    for (const id of ['a', 'b', 'c']) events.announce({ tenantId, topic, id });
    expect(new Set(await take(feed, 3))).toEqual(new Set(['a', 'b', 'c']));
    await expect(closed.next(AbortSignal.abort(new Error('nothing')))).rejects.toThrow('nothing');
  });

  test('may have been missed after the connection was lost: all who follow are told, and then hear the next ones', async () => {
    await using carrier = await openCarrier();
    await using events = carrier.open();
    const tenantId = randomUUID();
    using users = await events.follow({ tenantId, topic });
    using teams = await events.follow({ tenantId, topic: 'team' });
    await carrier.cut();
    expect(await Promise.all([users.next(), teams.next()])).toEqual([null, null]);
    events.announce({ tenantId, topic, id: 'ada' });
    expect(await users.next()).toBe('ada');
  });

  test('of a time without a connection are told, if only as changes that may have been missed', async () => {
    await using carrier = await openCarrier();
    await using events = carrier.open();
    const tenantId = randomUUID();
    using feed = await events.follow({ tenantId, topic });
    carrier.proxy.mode = 'reset';
    carrier.proxy.sever();
    events.announce({ tenantId, topic, id: 'ada' });
    carrier.proxy.mode = 'forward';
    expect([null, 'ada']).toContain(await feed.next());
  });

  test('are refused when they are malformed', async () => {
    await using carrier = await openCarrier();
    await using events = carrier.open();
    expect(() => events.announce({ tenantId: 'acme', topic, id: 'ada' })).toThrow(/UUID/);
    expect(() => events.announce({ tenantId: randomUUID(), topic, id: 'a'.repeat(201) })).toThrow(/200/);
  });
});

test('a message that nobody understands means that anything may have changed', async () => {
  await using server = await openPostgresMessages();
  const { controlDatabaseUrl } = server;
  await using events = openTenantEvents({ controlDatabaseUrl, logger: silentLogger });
  using feed = await events.follow({ tenantId: randomUUID(), topic });
  const client = new Client({ connectionString: controlDatabaseUrl });
  await client.connect();
  await client.query("NOTIFY tenantry_events, '[not json'");
  expect(await feed.next()).toBeNull();
  await client.end();
});

test('who only announces keeps no connection that listens', async () => {
  await using server = await openPostgresMessages();
  const { controlDatabaseUrl, proxy } = server;
  await using events = openTenantEvents({ controlDatabaseUrl, logger: silentLogger });
  expect(proxy.made).toBe(0);
  using feeds = new DisposableStack();
  for (let count = 0; count < 3; count++) feeds.use(await events.follow({ tenantId: randomUUID(), topic }));
  expect(proxy.made).toBe(1);
});

test('without a server there is nothing to follow, and the next one who asks tries again', async () => {
  await using server = await openPostgresMessages();
  const { controlDatabaseUrl, proxy } = server;
  proxy.mode = 'reset';
  await using events = openTenantEvents({ controlDatabaseUrl, logger: silentLogger });
  const scope = { tenantId: randomUUID(), topic };
  await expect(events.follow(scope)).rejects.toThrow(TenantUnavailableError);
  proxy.mode = 'forward';
  using feed = await events.follow(scope);
  events.announce({ ...scope, id: 'ada' });
  expect(await feed.next()).toBe('ada');
});
