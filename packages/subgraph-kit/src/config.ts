import {
  keyRingVariable,
  parseEnvironment,
  processConfig,
  processVariables,
  variable,
  type Environment,
  type KeyRing,
  type ProcessConfig,
} from '@tenantry/service';
import { clusterVariable, type ClusterConfig } from '@tenantry/tenant-control';
import { clusterConnectionsVariable, defaultLimits, type PoolLimits } from '@tenantry/tenant-pool';

/** Ports of the subgraphs that come with Tenantry; others take {@link otherPort} unless `PORT` says otherwise. */
const defaultPorts: Readonly<Record<string, number>> = { users: 4001, tenants: 4002 };
const otherPort = 4010;

/** How one subgraph's process is run. */
export interface SubgraphConfig extends ProcessConfig {
  readonly controlDatabaseUrl: string;
  readonly clusters: readonly ClusterConfig[];
  readonly clusterConnections: PoolLimits['connectionsPerCluster'];
  readonly keyRing: KeyRing;
  readonly signingKey: Buffer;
  readonly redisUrl: string | null;
}

/** @throws {ConfigError} naming every variable that is missing or malformed */
export function readSubgraphConfig(name: string, environment: Environment): SubgraphConfig {
  const env = parseEnvironment(variablesOf(name), environment);
  return {
    ...processConfig(env),
    controlDatabaseUrl: env.CONTROL_DATABASE_URL,
    clusters: env.TENANT_CLUSTERS ?? [],
    clusterConnections: env.CLUSTER_CONNECTIONS ?? defaultLimits.connectionsPerCluster,
    keyRing: env.CREDENTIALS_KEY,
    signingKey: env.SUBGRAPH_SIGNING_KEY,
    redisUrl: env.REDIS_URL ?? null,
  };
}

function variablesOf(name: string) {
  return {
    CONTROL_DATABASE_URL: variable.url('URL of the control database', 'postgres:', 'postgresql:'),
    TENANT_CLUSTERS: clusterVariable.optional(),
    CLUSTER_CONNECTIONS: clusterConnectionsVariable.optional(),
    REDIS_URL: variable.url('URL of Redis', 'redis:', 'rediss:').optional(),
    SUBGRAPH_SIGNING_KEY: variable.key('at least 32 bytes in base64, the same as the gateway has'),
    CREDENTIALS_KEY: keyRingVariable,
    ...processVariables(defaultPorts[name] ?? otherPort),
  };
}
