import { parseEnvironment, variable, type Environment } from '@tenantry/service';
import { z } from 'zod';

/** Which servers a test run uses. */
export interface TestServerSettings {
  /** The one kind to use, whatever else is there; null takes the first of URL, Docker, embedded that is. */
  only: 'docker' | 'embedded' | null;
  postgresUrl: string | null;
  redisUrl: string | null;
  postgresImage: string;
  redisImage: string;
  /** Whether the run fails without a Redis. */
  redisRequired: boolean;
  /** Whether the run fails without a PgBouncer of this machine. */
  pgBouncerRequired: boolean;
}

const variables = {
  TEST_SERVERS: z.enum(['docker', 'embedded']).optional(),
  TEST_POSTGRES_URL: variable
    .url('URL of a superuser, of the database postgres of a Postgres for tests', 'postgres:', 'postgresql:')
    .optional(),
  REDIS_URL: variable.url('URL of a Redis for tests', 'redis:', 'rediss:').optional(),
  TEST_POSTGRES_IMAGE: z.string().default('postgres:18'),
  TEST_REDIS_IMAGE: z.string().default('redis:8'),
  CI: z.string().default('false'),
};

/** @throws {ConfigError} */
export function parseTestServerSettings(environment: Environment): TestServerSettings {
  const values = parseEnvironment(variables, environment);
  const only = values.TEST_SERVERS ?? null;
  const isContinuousIntegration = !['false', '0'].includes(values.CI);
  return {
    only,
    postgresUrl: values.TEST_POSTGRES_URL ?? null,
    redisUrl: values.REDIS_URL ?? null,
    postgresImage: values.TEST_POSTGRES_IMAGE,
    redisImage: values.TEST_REDIS_IMAGE,
    redisRequired: only !== null || isContinuousIntegration,
    pgBouncerRequired: isContinuousIntegration,
  };
}
