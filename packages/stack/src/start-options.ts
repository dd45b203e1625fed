import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { StartError, type Environment } from '@tenantry/service';
import { z } from 'zod';

export interface StartOptions {
  /** Of the gateway. */
  port: number;
  metricsPort: number;
  postgresPort: number;
  /** Holds Postgres's data, its log and the secrets. */
  directory: string;
  logLevel: string;
}

export const usage = `Starts Tenantry on this machine: Postgres, the gateway and every subgraph in one process tree, with two demo tenants.

  npx pnpm start [--port 4000] [--metrics-port 9464] [--postgres-port 54018] [--data .tenantry] [--verbose]

  --port            where the gateway listens               (or PORT)
  --metrics-port    where Prometheus finds /metrics         (or METRICS_PORT)
  --postgres-port   where the embedded Postgres listens     (or POSTGRES_PORT)
  --data            folder for the data and secrets; it is kept between starts
  --verbose         logs every request
  --help            prints this

Ctrl-C stops everything, Postgres included. To begin anew: rm -rf .tenantry/postgres .tenantry/backups .tenantry/secrets.json`;

const defaults = { port: 4000, metricsPort: 9464, postgresPort: 54_018, directory: '.tenantry' };

/** @throws {StartError} naming what is wrong with the command line or the environment */
export function parseStartOptions(args: readonly string[], environment: Environment): StartOptions {
  const flags = parseFlags(args);
  const port = (flag: string | undefined, variable: string, byDefault: number): number =>
    flag === undefined
      ? toPort(environment[variable] ?? byDefault, variable)
      : toPort(flag, `--${variable.toLowerCase().replace('_', '-')}`);
  return {
    port: port(flags.port, 'PORT', defaults.port),
    metricsPort: port(flags['metrics-port'], 'METRICS_PORT', defaults.metricsPort),
    postgresPort: port(flags['postgres-port'], 'POSTGRES_PORT', defaults.postgresPort),
    directory: resolve(flags.data ?? defaults.directory),
    logLevel: flags.verbose ? 'info' : 'warn',
  };
}

function parseFlags(args: readonly string[]) {
  const text = { type: 'string' } as const;
  const toggle = { type: 'boolean', default: false } as const;
  const options = { port: text, 'metrics-port': text, 'postgres-port': text, data: text, verbose: toggle };
  try {
    return parseArgs({ args: args.filter((arg) => arg !== '--'), options }).values;
  } catch (error) {
    throw new StartError(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`, { cause: error });
  }
}

function toPort(value: unknown, name: string): number {
  const port = z.coerce.number().int().min(1).max(65_535).safeParse(value);
  if (!port.success) throw new StartError(`${name} must be a port number from 1 to 65535, not ${JSON.stringify(value)}.`);
  return port.data;
}
