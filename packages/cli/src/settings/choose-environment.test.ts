import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runCommand } from '../testing/run-command.ts';

let workingDirectory: string;
beforeAll(async () => {
  workingDirectory = await mkdtemp(join(tmpdir(), 'tenantry-cli-'));
  await mkdir(join(workingDirectory, 'running'));
  await writeFile(join(workingDirectory, 'running', 'development.env'), `CONTROL_DATABASE_URL='postgres://development.invalid/control'\n`);
});
afterAll(async () => await rm(workingDirectory, { recursive: true }));

const production = { CONTROL_DATABASE_URL: 'postgres://production.invalid/control' };
const list = ['tenants', 'list'];

test('without any variable it is the development stack that runs here', async () => {
  const inside = join(workingDirectory, 'checkout');
  await mkdir(join(inside, '.tenantry'), { recursive: true });
  await writeFile(join(inside, '.tenantry', 'development.env'), `CONTROL_DATABASE_URL='postgres://checkout.invalid/control'\n`);
  expect(await runCommand(list, { workingDirectory: inside })).toMatchObject({
    status: 69,
    stderr: expect.stringContaining('checkout.invalid'),
  });
});

test('the environment’s own installation goes before a stack, and a stack that is named before that', async () => {
  const options = { environment: production, workingDirectory };
  expect((await runCommand(list, options)).stderr).toContain('production.invalid');
  expect((await runCommand([...list, '--data', 'running'], options)).stderr).toContain('development.invalid');
});

test('an environment that names only a part of an installation gets nothing from a stack', async () => {
  const environment = { CREDENTIALS_KEY_FILE: '/run/secrets/credentials-key' };
  const { status, stderr } = await runCommand(list, { environment, workingDirectory: join(workingDirectory, 'running') });
  expect(status).toBe(78);
  expect(stderr).toContain('CONTROL_DATABASE_URL is missing');
});

test('where there is neither, it is said what to set or start', async () => {
  const { status, stderr } = await runCommand(list, { workingDirectory });
  expect(status).toBe(78);
  expect(stderr).toMatch(
    /^error: The environment names no installation, and no development stack runs here \(.*\)\. Set CONTROL_DATABASE_URL .*npx pnpm start\n$/,
  );
  const named = await runCommand([...list, '--data', 'elsewhere'], { workingDirectory });
  expect([named.status, named.stderr]).toEqual([78, expect.stringContaining('No stack runs from elsewhere')]);
});
