import { ConfigError, type Environment } from '@tenantry/service';
import { describe, expect, test } from 'vitest';
import { readGatewayConfig } from './config.ts';

const schemas = [
  { name: 'users', schemaPath: '/subgraphs/users/schema.graphql' },
  { name: 'audit-log', schemaPath: '/subgraphs/audit-log/schema.graphql' },
];
const key = Buffer.alloc(32, 1).toString('base64');
const complete: Environment = {
  SUBGRAPH_SIGNING_KEY: key,
  SUBGRAPH_USERS_URL: 'http://users:4001',
  SUBGRAPH_AUDIT_LOG_URL: 'http://audit:4003/graphql',
  JWT_JWKS_URI: 'https://issuer.example/jwks',
  JWT_ISSUER: 'https://issuer.example',
  JWT_AUDIENCE: 'tenantry',
};

function problemsOf(environment: Environment): readonly string[] {
  try {
    readGatewayConfig(environment, schemas);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

describe('readGatewayConfig', () => {
  test('has defaults for all but secrets, keys and places', () => {
    expect(readGatewayConfig(complete, schemas)).toEqual({
      mode: 'production',
      host: '0.0.0.0',
      port: 4000,
      metricsPort: 9464,
      logLevel: 'info',
      signingKey: Buffer.from(key, 'base64'),
      tokens: {
        issuers: [{ kind: 'jwks', issuer: 'https://issuer.example', jwksUri: 'https://issuer.example/jwks' }],
        audience: 'tenantry',
        tenantClaim: 'tenant_id',
      },
      subgraphs: [
        { ...schemas[0], url: 'http://users:4001' },
        { ...schemas[1], url: 'http://audit:4003/graphql' },
      ],
    });
  });

  test('names every variable that is missing, at once', () => {
    const names = problemsOf({}).map((problem) => problem.split(' ')[0]);
    expect(names).toEqual([
      'SUBGRAPH_SIGNING_KEY',
      'SUBGRAPH_USERS_URL',
      'SUBGRAPH_AUDIT_LOG_URL',
      'JWT_JWKS_URI',
      'JWT_ISSUER',
      'JWT_AUDIENCE',
    ]);
  });

  test.each([
    ['PORT', '99999'],
    ['NODE_ENV', 'staging'],
    ['SUBGRAPH_SIGNING_KEY', 'c2hvcnQ='],
    ['SUBGRAPH_USERS_URL', 'ftp://users'],
    ['SUBGRAPH_TIMEOUT_MS', '10s'],
    ['CORS_ORIGINS', 'https://app.example.com/path'],
    ['CORS_ORIGINS', '*'],
    ['TRUSTED_PROXIES', 'proxy.example'],
    ['TRUSTED_PROXIES', '10.0.0.0/33'],
    ['TRUSTED_PROXIES', '10.0.0.0/8/8'],
    ['TRUSTED_PROXIES', 'true'],
    ['JWT_SECRET', 'a secret of at least thirty-two bytes'],
  ])('refuses %s=%s in production', (name, value) => {
    const problems = problemsOf({ ...complete, [name]: value });
    expect(problems.length).toBeGreaterThan(0);
    for (const problem of problems) expect(problem).toContain(name);
  });

  test('takes the origins whose pages may call', () => {
    const { corsOrigins } = readGatewayConfig({ ...complete, CORS_ORIGINS: 'https://app.example.com, http://localhost:5173' }, schemas);
    expect(corsOrigins).toEqual(['https://app.example.com', 'http://localhost:5173']);
  });

  test('takes the proxies that are trusted', () => {
    const { trustedProxies } = readGatewayConfig({ ...complete, TRUSTED_PROXIES: '10.0.0.0/8, 192.0.2.1,2001:db8::/32' }, schemas);
    expect(trustedProxies).toEqual(['10.0.0.0/8', '192.0.2.1', '2001:db8::/32']);
  });

  test('takes a shared secret in development', () => {
    const { JWT_JWKS_URI: _uri, JWT_ISSUER: _issuer, JWT_AUDIENCE: _audience, ...rest } = complete;
    const environment = { ...rest, NODE_ENV: 'development', JWT_SECRET: 'a secret of at least thirty-two bytes' };
    expect(readGatewayConfig(environment, schemas).tokens.issuers).toMatchObject([{ kind: 'secret' }]);
  });

  test('takes a supergraph in place of subgraphs, and where those are that it may have', () => {
    const { SUBGRAPH_AUDIT_LOG_URL: _url, ...rest } = complete;
    const file = readGatewayConfig({ ...rest, SUPERGRAPH: '/etc/supergraph/supergraph.graphql' }, schemas);
    expect(file).toMatchObject({ subgraphs: [], supergraph: { kind: 'file', path: '/etc/supergraph/supergraph.graphql' } });
    expect(file.subgraphUrls).toEqual(new Map([['SUBGRAPH_USERS_URL', 'http://users:4001']]));
    const url = { SUPERGRAPH: 'https://cdn.example/supergraph', SUPERGRAPH_TOKEN: 'token', SUPERGRAPH_POLL_SECONDS: '30' };
    expect(readGatewayConfig({ ...rest, ...url }, schemas).supergraph).toEqual({
      kind: 'url',
      url: 'https://cdn.example/supergraph',
      token: 'token',
      pollMs: 30_000,
    });
  });

  test.each([
    ['SUPERGRAPH', 's3://bucket/supergraph'],
    ['SUPERGRAPH_POLL_SECONDS', '0'],
    ['SUPERGRAPH_POLL_SECONDS', '3000000'],
    ['SUBGRAPH_AUDIT_LOG_URL', 'ftp://audit'],
  ])('refuses %s=%s with a supergraph', (name, value) => {
    const problems = problemsOf({ ...complete, SUPERGRAPH: '/supergraph.graphql', [name]: value });
    expect(problems).toEqual([expect.stringContaining(name)]);
  });

  test('takes how operations are planned', () => {
    const environment = { ...complete, PLANNING_TIMEOUT_MS: '2000', PLAN_CACHE_OPERATIONS: '100', PLAN_CACHE_MB: '16' };
    expect(readGatewayConfig(environment, schemas)).toMatchObject({
      planningTimeoutMs: 2000,
      planCacheLimits: { operations: 100, bytes: 16 * 1024 * 1024 },
    });
    expect(problemsOf({ ...complete, PLANNING_TIMEOUT_MS: 'soon', PLAN_CACHE_MB: '0' })).toEqual([
      expect.stringContaining('PLANNING_TIMEOUT_MS'),
      expect.stringContaining('PLAN_CACHE_MB'),
    ]);
    expect(problemsOf({ ...complete, PLANNING_TIMEOUT_MS: '3000000000', PLAN_CACHE_OPERATIONS: '1000000000' })).toEqual([
      expect.stringContaining('PLANNING_TIMEOUT_MS: must be 600000 or less'),
      expect.stringContaining('PLAN_CACHE_OPERATIONS: must be 1000000 or less'),
    ]);
  });
});
