import { ConfigError } from '@tenantry/service';
import { expect, test } from 'vitest';
import { parseTestServerSettings } from './test-server-settings.ts';

test('by default any kind will do, images are pinned by tag, and Redis and PgBouncer may be missing', () => {
  expect(parseTestServerSettings({})).toEqual({
    only: null,
    postgresUrl: null,
    redisUrl: null,
    postgresImage: 'postgres:18',
    redisImage: 'redis:8',
    redisRequired: false,
    pgBouncerRequired: false,
  });
});

test.each([
  [{ CI: 'true' }, true, true],
  [{ CI: '1' }, true, true],
  [{ CI: 'false' }, false, false],
  [{ CI: '' }, false, false],
  [{ TEST_SERVERS: 'docker' }, true, false],
])('with %j, whether Redis is required is %s, and PgBouncer %s', (environment, redisRequired, pgBouncerRequired) => {
  expect(parseTestServerSettings(environment)).toMatchObject({ redisRequired, pgBouncerRequired });
});

test('says what is wrong with a variable', () => {
  const environment = { TEST_SERVERS: 'podman', TEST_POSTGRES_URL: 'mysql://localhost' };

  expect(() => parseTestServerSettings(environment)).toThrow(ConfigError);
  expect(() => parseTestServerSettings(environment)).toThrow(/TEST_SERVERS: .*"docker"\|"embedded".*TEST_POSTGRES_URL: must be a URL/s);
});
