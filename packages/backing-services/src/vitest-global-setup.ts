import type { TestProject } from 'vitest/node';
import { ServerAbsentError } from './errors.ts';
import { openPostgresForTests } from './postgres-for-tests.ts';
import { pgBouncerVersion } from './pgbouncer.ts';
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
    /** Why tests can start no PgBouncer; empty where they can. */
    pgBouncerMissing: string;
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
  const pgBouncer = pgBouncerOrReason(settings);

  const descriptions = [
    `Postgres: ${postgres.description}`,
    `Redis: ${hasRedis ? redis.description : skipped(redis)}`,
    `PgBouncer: ${pgBouncer.version ?? skipped(pgBouncer.missing)}`,
  ];
  console.log(descriptions.join(' · '));
  project.provide('postgresUrl', postgres.url);
  project.provide('redisUrl', hasRedis ? redis.url : null);
  project.provide('redisMissing', hasRedis ? '' : redis);
  project.provide('pgBouncerMissing', pgBouncer.missing);
  const owned = servers.move();
  return async () => await owned.disposeAsync();
}

function skipped(reason: string): string {
  return `none, its tests are skipped: ${reason}`;
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

function pgBouncerOrReason({ pgBouncerRequired }: TestServerSettings): { version: string | null; missing: string } {
  const version = pgBouncerVersion();
  if (version !== null) return { version, missing: '' };
  const missing = 'no pgbouncer is on the PATH';
  if (pgBouncerRequired) throw new Error(`The tests must not go without PgBouncer here: ${missing}.`);
  return { version, missing };
}
