import { ConfigError } from '@tenantry/service';
import { expect, test } from 'vitest';
import { parseTestServerSettings } from './test-server-settings.ts';

test('by default any kind will do, images are pinned by tag, and Redis may be missing', () => {
  expect(parseTestServerSettings({})).toEqual({
    only: null,
    postgresUrl: null,
    redisUrl: null,
    postgresImage: 'postgres:18',
    redisImage: 'redis:8',
    redisRequired: false,
  });
});

test.each([
  [{ CI: 'true' }, true],
  [{ CI: '1' }, true],
  [{ CI: 'false' }, false],
  [{ CI: '' }, false],
  [{ TEST_SERVERS: 'docker' }, true],
])('with %j, whether Redis is required is %s', (environment, required) => {
  expect(parseTestServerSettings(environment).redisRequired).toBe(required);
});

test('says what is wrong with a variable', () => {
  const environment = { TEST_SERVERS: 'podman', TEST_POSTGRES_URL: 'mysql://localhost' };

  expect(() => parseTestServerSettings(environment)).toThrow(ConfigError);
  expect(() => parseTestServerSettings(environment)).toThrow(/TEST_SERVERS: .*"docker"\|"embedded".*TEST_POSTGRES_URL: must be a URL/s);
});
