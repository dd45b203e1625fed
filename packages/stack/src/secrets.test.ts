import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { generateSecrets, keepSecrets, secretsFileName } from './secrets.ts';

let directory: string;
beforeEach(async () => void (directory = await mkdtemp(join(tmpdir(), 'tenantry-secrets-'))));
afterEach(async () => await rm(directory, { recursive: true, force: true }));

describe('keepSecrets', () => {
  test('makes secrets once, and finds them again', async () => {
    const first = await keepSecrets(directory);
    expect(await keepSecrets(directory)).toEqual(first);
    expect(first.signingKey).toHaveLength(32);
    expect(first.jwtSecret.length).toBeGreaterThanOrEqual(32);
  });

  test('lets nobody else read them', async () => {
    await keepSecrets(directory);
    const { mode } = await stat(join(directory, secretsFileName));
    expect(mode & 0o077).toBe(0);
  });

  test('never replaces a file that it cannot use', async () => {
    const path = join(directory, secretsFileName);
    await writeFile(path, '{"postgresPassword":"short"}');
    await chmod(path, 0o600);
    await expect(keepSecrets(directory)).rejects.toThrow(path);
    expect(await readFile(path, 'utf8')).toBe('{"postgresPassword":"short"}');
  });
});

test('no two sets of secrets are alike', () => {
  const [one, other] = [generateSecrets(), generateSecrets()];
  expect(one.postgresPassword).not.toBe(other.postgresPassword);
  expect(one.jwtSecret.equals(other.jwtSecret)).toBe(false);
  expect(one.signingKey.equals(other.signingKey)).toBe(false);
});
