import { Redis } from 'ioredis';
import { startRedisContainer } from './containers.ts';
import { startLocalRedis } from './local-redis.ts';
import { byUrl, openFirst, type TestServer, type Way } from './test-server.ts';
import type { TestServerSettings } from './test-server-settings.ts';

/**
 * A Redis for a test run: the one named by URL, else one in Docker, else the `redis-server` of the PATH.
 *
 * @throws {ServerAbsentError} with each reason, where there is none
 */
export async function openRedisForTests({ redisUrl, redisImage: image, only }: TestServerSettings): Promise<TestServer> {
  const ways: Way[] = [
    byUrl('REDIS_URL', redisUrl),
    { kind: 'docker', name: `Docker (${image})`, open: async () => await startRedisContainer(image) },
    { kind: 'embedded', name: 'redis-server', open: startLocalRedis },
  ];
  return await openFirst(ways, only, readVersion);
}

async function readVersion(url: string): Promise<string> {
  const redis = new Redis(url, { lazyConnect: true, retryStrategy: () => null });
  const failure = Promise.withResolvers<never>();
  redis.on('error', failure.reject);
  try {
    const info = await Promise.race([redis.info('server'), failure.promise]);
    return /^redis_version:(\S+)/m.exec(info)?.[1] ?? 'of unknown version';
  } finally {
    redis.disconnect();
  }
}
