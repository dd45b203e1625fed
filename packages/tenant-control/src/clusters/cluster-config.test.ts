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

test('the way of tenants’ connections can be another than the administrator’s', () => {
  const admin = 'postgres://admin:secret@one/postgres';
  const direct = { admin, tenants: { host: '10.0.0.1', pooling: 'direct' } };
  const pooled = { admin, tenants: { host: 'pgbouncer', port: 7432, sslmode: 'verify-full', pooling: 'transaction', auth_user: 'pooler' } };
  const known = { admin, tenants: { host: 'pgbouncer', pooling: 'transaction' } };
  expect(parse(JSON.stringify({ direct, pooled, known, same: { admin } }))).toEqual([
    { name: 'direct', adminUrl: admin, tenants: { host: '10.0.0.1', port: 5432, sslMode: 'prefer', pooling: 'direct', authUser: null } },
    {
      name: 'pooled',
      adminUrl: admin,
      tenants: { host: 'pgbouncer', port: 7432, sslMode: 'verify-full', pooling: 'transaction', authUser: 'pooler' },
    },
    {
      name: 'known',
      adminUrl: admin,
      tenants: { host: 'pgbouncer', port: 6432, sslMode: 'prefer', pooling: 'transaction', authUser: null },
    },
    { name: 'same', adminUrl: admin },
  ]);
});

const withTenants = (tenants: unknown) => JSON.stringify({ standard: { admin: 'postgres://admin:secret@one/postgres', tenants } });

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
  ['a URL in place of a name', '{"postgres://admin:secret@one/postgres": "standard"}'],
  ['an object without an administrator', '{"standard": {"tenants": {"host": "one", "pooling": "direct"}}}', 'standard.admin must be a URL'],
  ['an administrator without a user', '{"standard": {"admin": "postgres://one/secret"}}', 'standard.admin must be a URL'],
  ['a field that is none', '{"standard": {"admin": "postgres://a:b@c/d", "secret": 1}}', 'standard must be a URL, or an object'],
  ['a way that is a URL', withTenants('postgres://pooler:secret@one/postgres'), 'standard.tenants must be an object'],
  ['a way without a host', withTenants({ host: '', pooling: 'direct' }), 'standard.tenants.host must be'],
  ['a way that does not say what answers', withTenants({ host: 'secret' }), 'standard.tenants.pooling'],
  ['a pooling that there is not', withTenants({ host: 'one', pooling: 'secret' }), 'standard.tenants.pooling'],
  ['a port that there is not', withTenants({ host: 'one', pooling: 'direct', port: 65_536 }), 'standard.tenants.port'],
  ['an sslmode that there is not', withTenants({ host: 'one', pooling: 'direct', sslmode: 'secret' }), 'standard.tenants.sslmode'],
  ['a pooler’s role without a pooler', withTenants({ host: 'one', pooling: 'direct', auth_user: 'secret' }), 'standard.tenants.auth_user'],
  ['a field of the way that is none', withTenants({ host: 'one', pooling: 'direct', sslMode: 'secret' }), 'standard.tenants must be'],
])('%s is refused, without repeating a password', (_what, value, where = '') => {
  const error = (() => {
    try {
      return parse(value);
    } catch (reason) {
      return reason;
    }
  })();
  expect(error).toBeInstanceOf(ConfigError);
  expect(String(error)).toContain('TENANT_CLUSTERS: must be JSON such as');
  expect(String(error)).toContain(where);
  expect(String(error).replaceAll('admin:secret@host', '')).not.toContain('secret');
});
