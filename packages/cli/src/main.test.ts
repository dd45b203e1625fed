import { execFile, type ExecFileException } from 'node:child_process';
import { once } from 'node:events';
import { openInstallation, type Installation } from '@tenantry/tenant-control/testing';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { environmentOf } from './testing/environment-of.ts';

const serverUrl = inject('postgresUrl');
const main = new URL('main.ts', import.meta.url).pathname;
let installation: Installation;
beforeAll(async () => {
  installation = await openInstallation({ serverUrl });
});
afterAll(async () => await installation[Symbol.asyncDispose]());

/** Runs the command as a shell would. */
async function tenantry(...args: readonly string[]): Promise<{ status: number; stdout: string; stderr: string }> {
  const env = { PATH: process.env['PATH'], ...environmentOf(installation, serverUrl) };
  return await new Promise((resolve) => {
    const onEnd = (error: ExecFileException | null, stdout: string, stderr: string) => {
      resolve({ status: typeof error?.code === 'number' ? error.code : error ? -1 : 0, stdout, stderr });
    };
    execFile(process.execPath, [main, ...args], { env }, onEnd);
  });
}

test('the command provisions, lists, and ends by itself with its status', async () => {
  const provisioned = await tenantry('tenants', 'provision', 'acme', '--name', 'Acme Corporation', '--json');
  expect(provisioned).toMatchObject({ status: 0, stderr: '' });
  expect(JSON.parse(provisioned.stdout)).toMatchObject({ slug: 'acme', status: 'ACTIVE' });
  const listed = await tenantry('tenants', 'list');
  expect(listed).toMatchObject({ status: 0, stderr: '' });
  expect(listed.stdout).toMatch(/^SLUG .*\nacme  Acme Corporation  ACTIVE /);
  expect(await tenantry('tenants', 'show', 'nobody')).toMatchObject({ status: 66, stdout: '' });
  expect(await tenantry('tenants', 'delete', 'acme')).toMatchObject({ status: 77, stdout: '' });
});

test('with --verbose the log goes to standard error, and the output stays what it is', async () => {
  const { status, stdout } = await tenantry('tenants', 'suspend', 'acme', '--json', '--verbose');
  expect(status).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ slug: 'acme', status: 'SUSPENDED' });
});

test('whoever reads the output may stop before its end', async () => {
  const child = execFile(process.execPath, [main, 'audit', '--limit', 'all', '--json'], {
    env: { PATH: process.env['PATH'], ...environmentOf(installation, serverUrl) },
  });
  child.stdout?.destroy();
  let stderr = '';
  child.stderr?.on('data', (chunk: string) => (stderr += chunk));
  const [status] = await once(child, 'exit');
  expect([status, stderr]).toEqual([0, '']);
});
