import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const program = fileURLToPath(new URL('support/without-generated-code.ts', import.meta.url));

test('operations are executed where no code may be generated from strings', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, ['--disallow-code-generation-from-strings', program]);
  expect(JSON.parse(stdout)).toEqual({ data: { people: [{ name: 'Ada' }, { name: null }] } });
});
