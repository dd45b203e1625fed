import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { takeStartLock } from './start-lock.ts';

let directory: string;
beforeEach(async () => void (directory = await mkdtemp(join(tmpdir(), 'tenantry-lock-'))));
afterEach(async () => await rm(directory, { recursive: true, force: true }));

describe('the start lock', () => {
  test('is held by one, who tells a second what runs', async () => {
    await using first = await takeStartLock(directory);
    first.describe('http://127.0.0.1:4000/graphql');
    await expect(takeStartLock(directory)).rejects.toThrow(`already runs from ${directory} (http://127.0.0.1:4000/graphql)`);
  });

  test('can be taken again once it is given back', async () => {
    {
      await using _first = await takeStartLock(directory);
    }
    await using second = await takeStartLock(directory);
    expect(second).toBeDefined();
  });

  test('is one a folder', async () => {
    await using _here = await takeStartLock(directory);
    const elsewhere = join(directory, 'elsewhere');
    await mkdir(elsewhere);
    await using there = await takeStartLock(elsewhere);
    expect(there).toBeDefined();
  });

  test('holds in a folder whose path is too long for a socket', async () => {
    const deep = join(directory, 'd'.repeat(120));
    await mkdir(deep);
    await using _first = await takeStartLock(deep);
    await expect(takeStartLock(deep)).rejects.toThrow('already runs');
  });
});
