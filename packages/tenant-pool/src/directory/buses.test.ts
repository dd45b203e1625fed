import { randomUUID } from 'node:crypto';
import { silentLogger } from '@tenantry/service';
import { Redis } from 'ioredis';
import { beforeEach, describe, expect, inject, test } from 'vitest';
import type { InvalidationBus } from './invalidation-bus.ts';
import { eventually } from '../testing/eventually.ts';
import { openPostgresMessages, openRedisMessages, type MessageServer } from '../testing/message-servers.ts';
import { openPostgresBus } from './postgres-bus.ts';
import { openRedisBus } from './redis-bus.ts';
import { placementKey } from './shared-placements.ts';

/** Opens buses over a server that can drop their subscriptions' connections. */
interface Carrier extends MessageServer {
  open(): Promise<InvalidationBus & AsyncDisposable>;
}

async function openPostgresCarrier(): Promise<Carrier> {
  const server = await openPostgresMessages();
  const { controlDatabaseUrl } = server;
  return { ...server, open: async () => await openPostgresBus({ controlDatabaseUrl, logger: silentLogger }) };
}

async function openRedisCarrier(): Promise<Carrier> {
  const server = await openRedisMessages();
  return { ...server, open: async () => await openRedisBus({ redis: server.redis }) };
}

const carriers = [
  { name: 'Postgres', openCarrier: openPostgresCarrier, missing: '' },
  { name: 'Redis', openCarrier: openRedisCarrier, missing: inject('redisUrl') === null ? inject('redisMissing') : '' },
];

describe.for(carriers)('a bus over $name $missing', { concurrent: false }, ({ openCarrier, missing }) => {
  beforeEach(({ skip }) => skip(missing !== '', missing));

  test('tells every process of a change', async () => {
    await using carrier = await openCarrier();
    await using one = await carrier.open();
    await using another = await carrier.open();
    const heard: Record<string, (string | null)[]> = { one: [], another: [] };
    using _own = one.subscribe((tenantId) => heard['one']?.push(tenantId));
    using _other = another.subscribe((tenantId) => heard['another']?.push(tenantId));
    const [first, second] = [randomUUID(), randomUUID()];
    await one.publish(first);
    await another.publish(second);
    for (const process of ['one', 'another']) {
      await expect.poll(() => new Set(heard[process])).toEqual(new Set([first, second]));
    }
  });

  test('has told its own process of a change when it was published', async () => {
    await using carrier = await openCarrier();
    await using bus = await carrier.open();
    const heard: (string | null)[] = [];
    using _listening = bus.subscribe((id) => heard.push(id));
    const tenantId = randomUUID();
    await bus.publish(tenantId);
    expect(heard).toContain(tenantId);
  });

  test('tells nothing to who no longer listens', async () => {
    await using carrier = await openCarrier();
    await using bus = await carrier.open();
    const [former, present]: (string | null)[][] = [[], []];
    bus.subscribe((tenantId) => former?.push(tenantId))[Symbol.dispose]();
    using _listening = bus.subscribe((tenantId) => present?.push(tenantId));
    await bus.publish(randomUUID());
    await expect.poll(() => present?.length).toBeGreaterThan(0);
    expect(former).toEqual([]);
  });

  test('connects again by itself, and then says that anything may have changed', async () => {
    await using carrier = await openCarrier();
    await using bus = await carrier.open();
    const heard: (string | null)[] = [];
    using _listening = bus.subscribe((tenantId) => heard.push(tenantId));
    await carrier.cut();
    await expect.poll(() => heard, { timeout: 10_000 }).toEqual([null]);
    await using another = await carrier.open();
    const tenantId = randomUUID();
    await another.publish(tenantId);
    await expect.poll(() => heard).toEqual([null, tenantId]);
  });

  test('connects again when its connection has fallen silent, which nothing but its own questions would tell', async () => {
    await using carrier = await openCarrier();
    const { proxy } = carrier;
    await using bus = await carrier.open();
    const heard: (string | null)[] = [];
    using _listening = bus.subscribe((tenantId) => heard.push(tenantId));
    const { made } = proxy;
    proxy.mode = 'silence';
    await expect.poll(() => proxy.made, { timeout: 10_000 }).toBeGreaterThan(made);
    proxy.sever();
    proxy.mode = 'forward';
    await expect.poll(() => heard, { timeout: 10_000 }).toContain(null);
  });

  test('on a silent server tells its own process of a change at once, says that it could not be published, and closes', async () => {
    await using carrier = await openCarrier();
    const bus = await carrier.open();
    await bus.publish(randomUUID());
    const heard: (string | null)[] = [];
    bus.subscribe((id) => heard.push(id));
    carrier.proxy.mode = 'silence';
    const tenantId = randomUUID();
    const published = bus.publish(tenantId).catch((error: unknown) => error);
    await eventually(() => heard.includes(tenantId));
    expect(await published).toBeInstanceOf(Error);
    await bus[Symbol.asyncDispose]();
  });

  test('stays silent and unconnected once disposed of', async () => {
    await using carrier = await openCarrier();
    const bus = await carrier.open();
    const heard: (string | null)[] = [];
    bus.subscribe((tenantId) => heard.push(tenantId));
    await carrier.cut();
    await bus[Symbol.asyncDispose]();
    await using another = await carrier.open();
    await another.publish(randomUUID());
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(heard).toEqual([]);
  });
});

test('a bus over Postgres does not open without its database', async () => {
  const controlDatabaseUrl = 'postgres://nobody@127.0.0.1:1/nowhere';
  await expect(openPostgresBus({ controlDatabaseUrl, logger: silentLogger })).rejects.toThrow('ECONNREFUSED');
});

test.skipIf(inject('redisUrl') === null)('publishing over Redis removes the shared placement with it', async () => {
  const redis = new Redis(inject('redisUrl') ?? '');
  const tenantId = randomUUID();
  await redis.set(placementKey(tenantId), 'anything');
  await using bus = await openRedisBus({ redis });
  await bus.publish(tenantId);
  expect(await redis.exists(placementKey(tenantId))).toBe(0);
  redis.disconnect();
});

test('a bus over Redis opens without Redis, and says when it cannot publish', { timeout: 15_000 }, async () => {
  const redis = new Redis({ port: 1, lazyConnect: true, maxRetriesPerRequest: 0, retryStrategy: null });
  redis.on('error', () => {});
  await using bus = await openRedisBus({ redis });
  await expect(bus.publish(randomUUID())).rejects.toThrow('Connection is closed');
  redis.disconnect();
});
