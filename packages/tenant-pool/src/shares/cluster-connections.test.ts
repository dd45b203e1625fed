import { ConfigError, parseEnvironment } from '@tenantry/service';
import { expect, test } from 'vitest';
import { clusterConnectionsVariable } from './cluster-connections.ts';

const parse = (value: string) =>
  parseEnvironment({ CLUSTER_CONNECTIONS: clusterConnectionsVariable }, { CLUSTER_CONNECTIONS: value }).CLUSTER_CONNECTIONS;

test.each([
  ['80', 80],
  ['{"standard": 100, "premium": 40}', { standard: 100, premium: 40 }],
])('%s is read', (value, connections) => {
  expect(parse(value)).toEqual(connections);
});

test.each(['none', '0', '-1', '1.5', '"60"', '{}', '[60]', '{"standard": 0}', '{"standard": "60"}', '{"": 60}', 'null'])(
  '%s is refused',
  (value) => {
    expect(() => parse(value)).toThrow(ConfigError);
    expect(() => parse(value)).toThrow('CLUSTER_CONNECTIONS: must be a whole number above 0, or JSON with one for each cluster');
  },
);
