import type { TestProject } from 'vitest/node';
import { ServerAbsentError } from './errors.ts';
import { openPostgresForTests } from './postgres-for-tests.ts';
import { openRedisForTests } from './redis-for-tests.ts';
import type { TestServer } from './test-server.ts';
import { parseTestServerSettings, type TestServerSettings } from './test-server-settings.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Administrator's URL of the tests' Postgres, of the database `postgres`. */
    postgresUrl: string;
    /** URL of the tests' Redis; null where there is none. */
    redisUrl: string | null;
    /** Why there is no Redis; empty where there is one. */
    redisMissing: string;
  }
}

/** Opens the servers that the tests share, once a run, and says which. */
export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  await using servers = new AsyncDisposableStack();
  const settings = parseTestServerSettings(process.env);
  const postgres = servers.use(await openPostgresForTests(settings));
  const redis = await redisOrReason(settings);
  const hasRedis = typeof redis !== 'string';
  if (hasRedis) servers.use(redis);

  console.log(`Postgres: ${postgres.description} · Redis: ${hasRedis ? redis.description : `none, its tests are skipped: ${redis}`}`);
  project.provide('postgresUrl', postgres.url);
  project.provide('redisUrl', hasRedis ? redis.url : null);
  project.provide('redisMissing', hasRedis ? '' : redis);
  const owned = servers.move();
  return async () => await owned.disposeAsync();
}

async function redisOrReason(settings: TestServerSettings): Promise<TestServer | string> {
  try {
    return await openRedisForTests(settings);
  } catch (error) {
    if (!(error instanceof ServerAbsentError)) throw error;
    if (settings.redisRequired) throw new Error(`The tests must not go without Redis here: ${error.message}.`, { cause: error });
    return error.message;
  }
}
