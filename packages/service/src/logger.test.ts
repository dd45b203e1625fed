import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { silentLogger } from './logger.ts';

/** What a process that runs `statements` with `createLogger` in scope writes to its output. */
async function outputOf(statements: string): Promise<string> {
  const source = `import { createLogger } from ${JSON.stringify(new URL('logger.ts', import.meta.url).href)};\n${statements}`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', source]);
  return stdout;
}

const secrets = `
  const secrets = { authorization: 'Bearer hush', password: 'hush', token: 'hush', connectionString: 'postgres://u:hush@h/d' };
  const logged = { ...secrets, visible: 'shown', request: { ...secrets, headers: secrets }, err: Object.assign(new Error('broken'), secrets) };
`;

describe.each([
  { format: 'JSON', pretty: false },
  { format: 'readable', pretty: true },
])('the $format log', ({ pretty }) => {
  it('never shows a secret, as deep as three levels, in a line or in what all lines of a logger share', async () => {
    const output = await outputOf(`${secrets}
      const logger = createLogger({ service: 'test', pretty: ${pretty} });
      logger.info(logged, 'one');
      logger.child(logged).warn('two');
    `);
    expect(output).toContain('[redacted]');
    expect(output).toContain('shown');
    expect(output).toContain('broken');
    expect(output).not.toContain('hush');
  });

  it('names the service and leaves out what is below its level', async () => {
    const output = await outputOf(`
      const logger = createLogger({ service: 'the-gateway', level: 'warn', pretty: ${pretty} });
      logger.info('quiet');
      logger.warn('loud');
    `);
    expect(output).toContain('the-gateway');
    expect(output).toContain('loud');
    expect(output).not.toContain('quiet');
  });
});

it('one line of JSON an entry', async () => {
  const output = await outputOf("createLogger({ service: 'test' }).info({ tenantId: 't' }, 'hello\\nworld')");
  expect(output.trim().split('\n')).toHaveLength(1);
  expect(JSON.parse(output)).toMatchObject({ name: 'test', level: 30, tenantId: 't', msg: 'hello\nworld' });
});

it('the silent logger is enabled for nothing, not even what is fatal', () => {
  expect(silentLogger.isLevelEnabled('fatal')).toBe(false);
});
