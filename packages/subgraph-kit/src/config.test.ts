import { randomBytes } from 'node:crypto';
import { ConfigError } from '@tenantry/service';
import { describe, expect, it } from 'vitest';
import { readSubgraphConfig } from './config.ts';

const key = randomBytes(32).toString('base64');
const required = {
  CONTROL_DATABASE_URL: 'postgres://control@db.example/control',
  SUBGRAPH_SIGNING_KEY: key,
  CREDENTIALS_KEY: `k1:${key}`,
};

describe('readSubgraphConfig', () => {
  it('needs three variables, and is production on all interfaces without more', () => {
    expect(readSubgraphConfig('users', required)).toMatchObject({
      mode: 'production',
      host: '0.0.0.0',
      port: 4001,
      metricsPort: 9464,
      logLevel: 'info',
      clusters: [],
      clusterConnections: 60,
      redisUrl: null,
      backupStore: null,
      backupPolicy: { STANDARD: { everyHours: 24, keepDays: 14 }, PREMIUM: { everyHours: 6, keepDays: 35 } },
      signingKey: Buffer.from(key, 'base64'),
      http2: false,
    });
    expect(readSubgraphConfig('tenants', required).port).toBe(4002);
  });

  it('reads what is given', () => {
    const clusters = { standard: 'postgres://admin:secret@db.example/postgres' };
    const environment = {
      ...required,
      PORT: '5000',
      REDIS_URL: 'redis://cache',
      TENANT_CLUSTERS: JSON.stringify(clusters),
      CLUSTER_CONNECTIONS: '{"standard": 100}',
      NODE_ENV: 'development',
      SUBGRAPH_HTTP2: 'on',
    };
    expect(readSubgraphConfig('users', environment)).toMatchObject({
      port: 5000,
      redisUrl: 'redis://cache',
      mode: 'development',
      http2: true,
      clusters: [{ name: 'standard', adminUrl: clusters.standard }],
      clusterConnections: { standard: 100 },
    });
  });

  it('names every variable that is missing or malformed at once', () => {
    const environment = {
      REDIS_URL: 'http://cache',
      PORT: 'http',
      CREDENTIALS_KEY: 'k1',
      CLUSTER_CONNECTIONS: 'many',
      SUBGRAPH_HTTP2: 'yes',
    };
    expect(() => readSubgraphConfig('users', environment)).toThrow(ConfigError);
    const atFault = [
      'CONTROL_DATABASE_URL',
      'SUBGRAPH_SIGNING_KEY',
      'REDIS_URL',
      'PORT',
      'CREDENTIALS_KEY',
      'CLUSTER_CONNECTIONS',
      'SUBGRAPH_HTTP2',
    ];
    for (const name of atFault) {
      expect(() => readSubgraphConfig('users', environment)).toThrow(name);
    }
  });
});
