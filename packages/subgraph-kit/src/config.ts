import { keyRingVariable, parseEnvironment, variable, type Environment, type KeyRing, type Mode } from '@tenantry/service';
import { clusterVariable, type ClusterConfig } from '@tenantry/tenant-control';
import { z } from 'zod';

/** Ports of the subgraphs that come with Tenantry; others take {@link otherPort} unless `PORT` says otherwise. */
const defaultPorts: Readonly<Record<string, number>> = { users: 4001, tenants: 4002 };
const otherPort = 4010;

/** How one subgraph's process is run. */
export interface SubgraphConfig {
  readonly mode: Mode;
  readonly host: string;
  readonly port: number;
  readonly metricsPort: number;
  readonly logLevel: string;
  readonly controlDatabaseUrl: string;
  readonly clusters: readonly ClusterConfig[];
  readonly keyRing: KeyRing;
  readonly signingKey: Buffer;
  readonly redisUrl: string | null;
}

/** @throws {ConfigError} naming every variable that is missing or malformed */
export function readSubgraphConfig(name: string, environment: Environment): SubgraphConfig {
  const env = parseEnvironment(variablesOf(name), environment);
  return {
    mode: env.NODE_ENV,
    host: env.HOST,
    port: env.PORT,
    metricsPort: env.METRICS_PORT,
    logLevel: env.LOG_LEVEL,
    controlDatabaseUrl: env.CONTROL_DATABASE_URL,
    clusters: env.TENANT_CLUSTERS ?? [],
    keyRing: env.CREDENTIALS_KEY,
    signingKey: env.SUBGRAPH_SIGNING_KEY,
    redisUrl: env.REDIS_URL ?? null,
  };
}

function variablesOf(name: string) {
  return {
    CONTROL_DATABASE_URL: variable.url('URL of the control database', 'postgres:', 'postgresql:'),
    TENANT_CLUSTERS: clusterVariable.optional(),
    REDIS_URL: variable.url('URL of Redis', 'redis:', 'rediss:').optional(),
    SUBGRAPH_SIGNING_KEY: variable.key('at least 32 bytes in base64, the same as the gateway has'),
    CREDENTIALS_KEY: keyRingVariable,
    PORT: variable.port(defaultPorts[name] ?? otherPort),
    HOST: z.string().default('0.0.0.0'),
    METRICS_PORT: variable.port(9464),
    LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
    NODE_ENV: variable.mode(),
  };
}
