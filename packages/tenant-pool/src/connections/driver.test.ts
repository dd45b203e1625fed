import { createRequire } from 'node:module';
import { Pool } from 'pg';
import { expect, test } from 'vitest';
import { DuplicateDriverError } from '../errors.ts';
import { adapterOver, assertOneDriver } from './driver.ts';

test('one copy of pg is fine', async () => {
  await expect(assertOneDriver()).resolves.toBeUndefined();
});

test('a pool of another copy of pg is refused', async () => {
  const require = createRequire(import.meta.url);
  for (const path of Object.keys(require.cache)) if (/node_modules\/pg(-pool)?\//.test(path)) delete require.cache[path];
  const copy: { Pool: typeof Pool } = require('pg');
  expect(copy.Pool).not.toBe(Pool);
  await expect(adapterOver(new copy.Pool())).rejects.toThrow(DuplicateDriverError);
});
