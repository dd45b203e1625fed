import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { silentLogger } from '@tenantry/service';
import { Redis } from 'ioredis';
import { Registry } from 'prom-client';
import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest';
import { LocalBus } from '../testing/local-bus.ts';
import { placementOf, PlacementTable } from '../testing/placements.ts';
import type { TenantPlacement } from './placement.ts';
import { placementKey } from './shared-placements.ts';
import { createTenantDirectory, type TenantDirectory } from './tenant-directory.ts';

const redisUrl = inject('redisUrl');

/** A process: its own memory and connection, the same catalog. */
function openProcess(table: PlacementTable, redis: Redis, bus = new LocalBus()): TenantDirectory {
  return createTenantDirectory({ source: table, bus, redis, logger: silentLogger });
}

describe.skipIf(redisUrl === null)(`placements shared through Redis ${redisUrl === null ? inject('redisMissing') : ''}`, () => {
  let redis: Redis;
  let placement: TenantPlacement;
  let tenantId: string;
  let table: PlacementTable;

  beforeEach(async () => {
    redis = new Redis(redisUrl ?? '');
    await once(redis, 'ready');
    placement = placementOf();
    ({ tenantId } = placement);
    table = new PlacementTable([placement]);
  });
  afterEach(async () => {
    await redis.del(placementKey(tenantId));
    redis.disconnect();
  });

  test('are read from the source once for all processes', async () => {
    await using one = openProcess(table, redis);
    await using another = openProcess(table, redis);
    expect(await one.lookup(tenantId)).toEqual(placement);
    expect(await another.lookup(tenantId)).toEqual(placement);
    expect(table.reads).toBe(1);
    expect(await redis.pttl(placementKey(tenantId))).toBeGreaterThan(60_000);
  });

  test('are counted as Redis’s answers', async () => {
    await using one = openProcess(table, redis);
    await one.lookup(tenantId);
    const metrics = new Registry();
    await using another = createTenantDirectory({ source: table, bus: new LocalBus(), redis, logger: silentLogger, metrics });
    await another.lookup(tenantId);
    expect(await metrics.metrics()).toContain('tenantry_directory_lookups_total{answer="redis"} 1');
  });

  test('hold no password, even if the source’s rows do', async () => {
    table.set(Object.assign({ password: 'hunter2' }, placement));
    await using process = openProcess(table, redis);
    await process.lookup(tenantId);
    const stored = await redis.get(placementKey(tenantId));
    expect(stored).toContain(placement.sealedPassword);
    expect(stored).not.toContain('hunter2');
  });

  test.each([
    ['is no JSON', 'nonsense'],
    ['lacks fields', '{"tenantId":"x"}'],
    ['is another tenant’s', JSON.stringify(placementOf())],
  ])('are disregarded when what Redis holds %s', async (_why, value) => {
    await redis.set(placementKey(tenantId), value);
    await using process = openProcess(table, redis);
    expect(await process.lookup(tenantId)).toEqual(placement);
  });

  test('are disregarded when an earlier version left them, which did not know of poolers', async () => {
    await redis.set(placementKey(tenantId), JSON.stringify({ ...placement, port: 6432, pooling: undefined }));
    await using process = openProcess(table, redis);
    expect(await process.lookup(tenantId)).toEqual(placement);
  });

  test('are not written back by a reader that was slower than a change', async () => {
    await using slow = openProcess(table, redis);
    const bus = new LocalBus();
    await using quick = openProcess(table, redis, bus);
    const { promise: changed, resolve } = Promise.withResolvers<void>();
    // It has seen the row before the change, and answers after it. The message of the change has not come to it.
    table.beforeAnswer = async () => await changed;
    const reading = slow.lookup(tenantId);
    await expect.poll(() => table.reads).toBe(1);
    table.beforeAnswer = undefined;
    table.update(tenantId, { status: 'SUSPENDED' });
    await bus.publish(tenantId);
    expect(await quick.lookup(tenantId)).toMatchObject({ status: 'SUSPENDED' });
    resolve();
    expect(await reading).toMatchObject({ status: 'ACTIVE' });
    await using third = openProcess(table, redis);
    expect(await third.lookup(tenantId)).toMatchObject({ status: 'SUSPENDED' });
    expect(await redis.get(placementKey(tenantId))).toContain('SUSPENDED');
  });

  test('are not read for a while after messages may have been lost', async () => {
    const bus = new LocalBus();
    await using process = openProcess(table, redis, bus);
    await process.lookup(tenantId);
    // Nobody removed the old placement from Redis.
    table.update(tenantId, { status: 'SUSPENDED' });
    bus.loseMessages();
    expect(await process.lookup(tenantId)).toMatchObject({ status: 'SUSPENDED' });
  });

  test('are not read for a while after one could not be removed', async () => {
    const bus = new LocalBus();
    await using process = openProcess(table, redis, bus);
    await process.lookup(tenantId);
    redis.disconnect();
    await once(redis, 'end');
    table.update(tenantId, { status: 'SUSPENDED' });
    await bus.publish(tenantId);
    await redis.connect();
    expect(await process.lookup(tenantId)).toMatchObject({ status: 'SUSPENDED' });
    expect(await redis.get(placementKey(tenantId))).toContain('ACTIVE');
  });
});

describe('without a Redis that answers', () => {
  const table = new PlacementTable();
  const placement = placementOf();
  table.set(placement);

  test('lookups are answered by the source', async () => {
    const redis = new Redis({ port: 1, lazyConnect: true });
    await using process = openProcess(table, redis);
    expect(await process.lookup(placement.tenantId)).toEqual(placement);
    await process.invalidate(placement.tenantId);
    expect(await process.lookup(placement.tenantId)).toEqual(placement);
    redis.disconnect();
  });

  test('lookups wait a quarter of a second for one that hangs, and then not at all', async () => {
    const sockets: Socket[] = [];
    const server = createServer((socket) => void sockets.push(socket)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    // Without the ready check and the handshake's answers, the client takes the silent server for a ready one.
    const redis = new Redis({
      port: typeof address === 'object' ? (address?.port ?? 0) : 0,
      enableReadyCheck: false,
      disableClientInfo: true,
      protocol: 2,
    });
    redis.on('error', () => {});
    await once(redis, 'ready');
    await using process = openProcess(table, redis);
    const start = performance.now();
    expect(await process.lookup(placement.tenantId)).toEqual(placement);
    expect(performance.now() - start).toBeGreaterThan(200);
    const second = performance.now();
    await process.invalidate(placement.tenantId);
    await process.lookup(placement.tenantId);
    expect(performance.now() - second).toBeLessThan(200);
    redis.disconnect();
    for (const socket of sockets) socket.destroy();
    server.close();
  });
});
