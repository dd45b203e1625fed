import { z } from 'zod';
import { variable, type Mode } from './config.ts';

/** How a service's process is run, whichever service it is. */
export interface ProcessConfig {
  readonly mode: Mode;
  readonly host: string;
  readonly port: number;
  readonly metricsPort: number;
  readonly logLevel: string;
}

/** The variables that every service's process reads. */
export function processVariables(defaultPort: number) {
  return {
    NODE_ENV: variable.mode(),
    HOST: z.string().default('0.0.0.0'),
    PORT: variable.port(defaultPort),
    METRICS_PORT: variable.port(9464),
    LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
  };
}

/** What the values of {@link processVariables} say. */
export function processConfig(values: z.output<z.ZodObject<ReturnType<typeof processVariables>>>): ProcessConfig {
  const { NODE_ENV: mode, HOST: host, PORT: port, METRICS_PORT: metricsPort, LOG_LEVEL: logLevel } = values;
  return { mode, host, port, metricsPort, logLevel };
}
