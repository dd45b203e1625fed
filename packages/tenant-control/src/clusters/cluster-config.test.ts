import { ConfigError, parseEnvironment } from '@tenantry/service';
import { expect, test } from 'vitest';
import { clusterVariable } from './cluster-config.ts';

const parse = (value: string) => parseEnvironment({ TENANT_CLUSTERS: clusterVariable }, { TENANT_CLUSTERS: value }).TENANT_CLUSTERS;

test('clusters keep the order in which they are written', () => {
  const standard = 'postgres://admin:secret@one:5432/postgres';
  const premium = 'postgresql://admin:secret@two/postgres?sslmode=verify-full';
  expect(parse(JSON.stringify({ standard, premium }))).toEqual([
    { name: 'standard', adminUrl: standard },
    { name: 'premium', adminUrl: premium },
  ]);
});

test.each([
  ['no JSON', 'postgres://admin:secret@one/postgres'],
  ['no cluster at all', '{}'],
  ['a list', '["postgres://admin:secret@one/postgres"]'],
  ['a name with capitals', '{"Standard": "postgres://admin:secret@one/postgres"}'],
  ['a URL of something else', '{"standard": "https://admin:secret@one/postgres"}'],
  ['a URL without a user', '{"standard": "postgres://one/postgres"}'],
  ['a URL without a host', '{"standard": "postgres:///postgres"}'],
  ['a URL without a database', '{"standard": "postgres://admin:secret@one"}'],
  ['a number', '{"standard": 5432}'],
])('%s is refused, without repeating a password', (_what, value) => {
  const error = (() => {
    try {
      return parse(value);
    } catch (reason) {
      return reason;
    }
  })();
  expect(error).toBeInstanceOf(ConfigError);
  expect(String(error)).toContain('TENANT_CLUSTERS: must be JSON such as');
  expect(String(error).replaceAll('admin:secret@host', '')).not.toContain('secret');
});
