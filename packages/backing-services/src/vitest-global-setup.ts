import type { TestProject } from 'vitest/node';
import { startDisposablePostgres } from './postgres-for-tests.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Administrator's URL of the tests' Postgres, of the database `postgres`. */
    postgresUrl: string;
    /** URL of the tests' Redis; null where there is none. */
    redisUrl: string | null;
    /** Why there is no Redis. */
    redisMissing: string;
  }
}

/** Starts the servers that the tests share, once a run. */
export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  const postgres = await startDisposablePostgres();
  project.provide('postgresUrl', postgres.url);
  project.provide('redisUrl', null);
  project.provide('redisMissing', 'not looked for');
  return async () => await postgres[Symbol.asyncDispose]();
}
