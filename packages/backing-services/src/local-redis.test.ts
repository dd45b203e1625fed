import { Redis } from 'ioredis';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { hasRedisServer, startLocalRedis } from './local-redis.ts';

beforeEach((context) => context.skip(!hasRedisServer(), 'no redis-server is on the PATH'));

function connect(url: string): Redis {
  const redis = new Redis(url, { lazyConnect: true, retryStrategy: () => null });
  redis.on('error', () => {});
  onTestFinished(() => redis.disconnect());
  return redis;
}

test('serves whoever has its password, and keeps nothing on disk', async () => {
  await using server = await startLocalRedis();
  const redis = connect(server.url);

  await expect(redis.set('key', 'value')).resolves.toBe('OK');
  await expect(redis.get('key')).resolves.toBe('value');
  await expect(redis.config('GET', 'save')).resolves.toEqual(['save', '']);
});

test('lets nobody in without the password', async () => {
  await using server = await startLocalRedis();
  const url = new URL(server.url);
  url.password = '';
  const stranger = connect(url.href);

  await expect(stranger.get('key')).rejects.toThrow('NOAUTH');
});

test('several run side by side', async () => {
  await using first = await startLocalRedis();
  await using second = await startLocalRedis();

  expect(second.url).not.toBe(first.url);
});
