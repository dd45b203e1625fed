import { expect, it } from 'vitest';
import { parseEnvironment, type Environment } from './config.ts';
import { processConfig, processVariables, type ProcessConfig } from './process-variables.ts';

function read(environment: Environment): ProcessConfig {
  return processConfig(parseEnvironment(processVariables(4001), environment));
}

it('a process is production on all interfaces and its own port', () => {
  expect(read({})).toEqual({ mode: 'production', host: '0.0.0.0', port: 4001, metricsPort: 9464, logLevel: 'info' });
});

it('a process is run as its environment says', () => {
  const environment = { NODE_ENV: 'development', HOST: '127.0.0.1', PORT: '1', METRICS_PORT: '2', LOG_LEVEL: 'debug' };
  expect(read(environment)).toEqual({ mode: 'development', host: '127.0.0.1', port: 1, metricsPort: 2, logLevel: 'debug' });
});
