import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseStartOptions } from './start-options.ts';

describe('parseStartOptions', () => {
  test('has defaults for everything', () => {
    expect(parseStartOptions([], {})).toEqual({
      port: 4000,
      metricsPort: 9464,
      postgresPort: 54_018,
      directory: resolve('.tenantry'),
      logLevel: 'warn',
    });
  });

  test('takes a flag before a variable, and a variable before the default', () => {
    const options = parseStartOptions(['--port', '4100'], { PORT: '4200', METRICS_PORT: '9500' });
    expect(options).toMatchObject({ port: 4100, metricsPort: 9500, postgresPort: 54_018 });
  });

  test('passes over the separator that package managers hand on', () => {
    expect(parseStartOptions(['--', '--verbose'], {})).toMatchObject({ logLevel: 'info' });
  });

  test.each([
    [['--port', 'abc'], {}, '--port must be a port number from 1 to 65535, not "abc".'],
    [['--postgres-port', '65536'], {}, '--postgres-port must be a port number'],
    [[], { METRICS_PORT: '-1' }, 'METRICS_PORT must be a port number'],
    [['--prot', '1'], {}, "Unknown option '--prot'"],
  ])('refuses %j with %j', (args, environment, message) => {
    expect(() => parseStartOptions(args, environment)).toThrow(message);
  });
});
