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
import {
  backupPolicyVariable,
  backupStoreVariable,
  clusterVariable,
  defaultBackupPolicy,
  type BackupPolicy,
  type BackupStoreConfig,
  type ClusterConfig,
} from '@tenantry/tenant-control';
import { clusterConnectionsVariable, defaultLimits, type PoolLimits } from '@tenantry/tenant-pool';
import type { z } from 'zod';

/** Ports of the subgraphs that come with Tenantry; others take {@link otherPort} unless `PORT` says otherwise. */
const defaultPorts: Readonly<Record<string, number>> = { users: 4001, tenants: 4002 };
const otherPort = 4010;

/** How a process reaches the installation that it is a part of. */
export interface InstallationConfig {
  readonly controlDatabaseUrl: string;
  readonly clusters: readonly ClusterConfig[];
  readonly clusterConnections: PoolLimits['connectionsPerCluster'];
  readonly keyRing: KeyRing;
  readonly signingKey: Buffer;
  readonly redisUrl: string | null;
  /** Null: this process keeps neither backups nor exports. */
  readonly backupStore: BackupStoreConfig | null;
  readonly backupPolicy: BackupPolicy;
}

/** How one subgraph's process is run. */
export interface SubgraphConfig extends ProcessConfig, InstallationConfig {
  /** Whether HTTP/2 is spoken beside HTTP/1.1. */
  readonly http2: boolean;
}

/** The variables of {@link InstallationConfig}. */
export const installationVariables = {
  CONTROL_DATABASE_URL: variable.url('URL of the control database', 'postgres:', 'postgresql:'),
  TENANT_CLUSTERS: clusterVariable.optional(),
  CLUSTER_CONNECTIONS: clusterConnectionsVariable.optional(),
  REDIS_URL: variable.url('URL of Redis', 'redis:', 'rediss:').optional(),
  SUBGRAPH_SIGNING_KEY: variable.key('at least 32 bytes in base64, the same as the gateway has'),
  CREDENTIALS_KEY: keyRingVariable,
  BACKUP_STORE: backupStoreVariable.optional(),
  BACKUP_POLICY: backupPolicyVariable.optional(),
};

/** What the values of {@link installationVariables} say. */
export function installationConfig(values: z.output<z.ZodObject<typeof installationVariables>>): InstallationConfig {
  return {
    controlDatabaseUrl: values.CONTROL_DATABASE_URL,
    clusters: values.TENANT_CLUSTERS ?? [],
    clusterConnections: values.CLUSTER_CONNECTIONS ?? defaultLimits.connectionsPerCluster,
    keyRing: values.CREDENTIALS_KEY,
    signingKey: values.SUBGRAPH_SIGNING_KEY,
    redisUrl: values.REDIS_URL ?? null,
    backupStore: values.BACKUP_STORE ?? null,
    backupPolicy: values.BACKUP_POLICY ?? defaultBackupPolicy,
  };
}

/** @throws {ConfigError} naming every variable that is missing or malformed */
export function readSubgraphConfig(name: string, environment: Environment): SubgraphConfig {
  const ownVariables = { ...processVariables(defaultPorts[name] ?? otherPort), SUBGRAPH_HTTP2: variable.switch().default(false) };
  const env = parseEnvironment({ ...installationVariables, ...ownVariables }, environment);
  return { ...processConfig(env), ...installationConfig(env), http2: env.SUBGRAPH_HTTP2 };
}
