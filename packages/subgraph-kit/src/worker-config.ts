import { ConfigError, parseEnvironment, processConfig, processVariables, type Environment, type ProcessConfig } from '@tenantry/service';
import { clusterVariable, jobsConfig, jobVariables, type JobsConfig } from '@tenantry/tenant-control';
import { installationConfig, installationVariables, type InstallationConfig } from './config.ts';

/** How a worker's process is run. */
export interface WorkerConfig extends ProcessConfig, InstallationConfig {
  readonly jobs: JobsConfig;
}

/** Where a worker tells how it is. */
const defaultPort = 4003;

/** @throws {ConfigError} naming every variable that is missing or malformed */
export function readWorkerConfig(environment: Environment): WorkerConfig {
  const variables = { ...installationVariables, TENANT_CLUSTERS: clusterVariable, ...jobVariables, ...processVariables(defaultPort) };
  const env = parseEnvironment(variables, environment);
  const config = { ...processConfig(env), ...installationConfig(env), jobs: jobsConfig(env) };
  if (config.jobs.hibernation?.keep === 'dropped' && config.backupStore === null) {
    throw new ConfigError(['HIBERNATE_KEEP: "dropped" wants a last backup of each database: set BACKUP_STORE, too']);
  }
  return config;
}
