import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { parseEnvironment, variable, type Environment } from './config.ts';
import { ConfigError } from './errors.ts';
import { keyRingVariable } from './sealing.ts';

const key = randomBytes(32).toString('base64');
const shape = {
  PORT: variable.port(4000),
  DATABASE_URL: variable.url('where the catalog is', 'postgres:', 'postgresql:'),
  SIGNING_KEY: variable.key('signs what services tell each other'),
  CREDENTIALS_KEY: keyRingVariable,
  MODE: variable.mode(),
};
const good = { DATABASE_URL: 'postgres://db.test/catalog', SIGNING_KEY: key, CREDENTIALS_KEY: `k1:${key}` };

function problemsOf(environment: Environment, of: z.ZodRawShape = shape): readonly string[] {
  try {
    parseEnvironment(of, environment);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tenantry-config-'));
});
afterAll(async () => await rm(directory, { recursive: true }));

async function secretFile(name: string, content: string): Promise<string> {
  const path = join(directory, name);
  await writeFile(path, content);
  return path;
}

describe('an environment', () => {
  it('becomes typed values, with defaults', () => {
    expect(parseEnvironment(shape, { ...good, UNRELATED: 'x' })).toEqual({
      PORT: 4000,
      DATABASE_URL: good.DATABASE_URL,
      SIGNING_KEY: Buffer.from(key, 'base64'),
      CREDENTIALS_KEY: new Map([['k1', Buffer.from(key, 'base64')]]),
      MODE: 'production',
    });
  });

  it('is refused with every bad variable named at once, and how to mend it', () => {
    const environment = { PORT: 'http', SIGNING_KEY: 'c2hvcnQ=', MODE: 'staging', DATABASE_URL: 'mysql://db.test' };
    expect(problemsOf(environment)).toEqual([
      'PORT: must be a port number',
      'DATABASE_URL: must be a URL starting with postgres:// or postgresql://',
      'SIGNING_KEY: must hold at least 32 bytes: openssl rand -base64 32',
      'CREDENTIALS_KEY is missing: id:key, where key is 32 bytes in base64, for example k1:$(openssl rand -base64 32)',
      expect.stringMatching(/^MODE: .*"development"\|"production"/),
    ]);
  });

  it('is refused with a message that shows no value', () => {
    const environment = {
      ...good,
      SIGNING_KEY: 'not base64, yet secret',
      CREDENTIALS_KEY: 'k1:hushhush',
      DATABASE_URL: 'mysql://u:hushhush@h',
    };
    expect(() => parseEnvironment(shape, environment)).toThrow(ConfigError);
    expect(problemsOf(environment)).toHaveLength(3);
    expect(problemsOf(environment).join('\n')).not.toMatch(/yet secret|hushhush/);
  });

  it.each(['', ' ', '\n'])('holds nothing in a variable that is %j', (blank) => {
    expect(problemsOf({ ...good, DATABASE_URL: blank })).toEqual(['DATABASE_URL is missing: where the catalog is']);
    expect(parseEnvironment(shape, { ...good, PORT: blank })).toMatchObject({ PORT: 4000 });
  });

  it.each(['-1', '65536', '1.5', 'NaN', '4000 4001'])('has no port %s', (port) => {
    expect(problemsOf({ ...good, PORT: port })).toEqual([expect.stringMatching(/^PORT: /)]);
  });
});

describe('a secret that is mounted as a file', () => {
  it('is read in place of the variable, without the newline at its end', async () => {
    const environment = { ...good, DATABASE_URL: undefined, DATABASE_URL_FILE: await secretFile('url', 'postgres://db.test/other\n') };
    expect(parseEnvironment(shape, environment)).toMatchObject({ DATABASE_URL: 'postgres://db.test/other' });
  });

  it('wins over the variable itself', async () => {
    const environment = { ...good, PORT: '1', PORT_FILE: await secretFile('port', '2') };
    expect(parseEnvironment(shape, environment)).toMatchObject({ PORT: 2 });
  });

  it('is validated like the variable', async () => {
    const environment = { ...good, SIGNING_KEY_FILE: await secretFile('key', 'c2hvcnQ=') };
    expect(problemsOf(environment)).toEqual(['SIGNING_KEY: must hold at least 32 bytes: openssl rand -base64 32']);
  });

  it('counts as missing when the file is empty', async () => {
    const environment = { ...good, DATABASE_URL_FILE: await secretFile('empty', '\n') };
    expect(problemsOf(environment)).toEqual(['DATABASE_URL is missing: where the catalog is']);
  });

  it('is named once, with its path, when it cannot be read, beside all other problems', () => {
    const missing = join(directory, 'missing');
    expect(problemsOf({ ...good, SIGNING_KEY_FILE: missing, CREDENTIALS_KEY: 'k1' })).toEqual([
      expect.stringMatching(/^SIGNING_KEY_FILE: cannot read .*missing \(ENOENT/),
      expect.stringMatching(/^CREDENTIALS_KEY: must be id:key/),
    ]);
  });

  it('is not passed over when it cannot be read, even if the variable has a default', () => {
    expect(problemsOf({ ...good, PORT_FILE: join(directory, 'missing') })).toEqual([expect.stringMatching(/^PORT_FILE: cannot read/)]);
  });
});

it('all problems are in the message that a person sees', () => {
  expect(() => parseEnvironment(shape, { ...good, PORT: 'x', SIGNING_KEY: undefined })).toThrow(
    'The environment is not usable:\n  PORT: must be a port number\n  SIGNING_KEY is missing: signs what services tell each other',
  );
});
