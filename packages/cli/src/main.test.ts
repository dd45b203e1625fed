import { execFile, spawn, type ExecFileException } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { openInstallation, runSql, type Installation } from '@tenantry/tenant-control/testing';
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

test('output that cannot be written is an error in a line', async (context) => {
  context.skip(!existsSync('/dev/full'), 'there is no /dev/full here');
  await using full = await open('/dev/full', 'w');
  const child = spawn(process.execPath, [main, '--help'], { stdio: ['ignore', full.fd, 'pipe'] });
  expect(child.stderr && (await text(child.stderr))).toBe(
    'error: The output could not be written: ENOSPC: no space left on device, write\n',
  );
  expect(child.exitCode ?? (await once(child, 'exit'))[0]).toBe(1);
});

test('Ctrl-C in the middle of a change says what becomes of it', async () => {
  const [tenant] = await installation.query<{ id: string }>(`SELECT id FROM tenants WHERE slug = 'acme'`);
  const lock = `tenantry: tenant ${tenant?.id}`;
  const holding = runSql(serverUrl, 'SELECT pg_advisory_lock(hashtextextended($1, 0)), pg_sleep(20)', [lock]).catch(() => {});
  const holders = async (isGranted: boolean) =>
    await runSql<{ pid: number }>(
      serverUrl,
      `SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND classid::bigint << 32 | objid::bigint = hashtextextended($1, 0) AND granted = $2`,
      [lock, isGranted],
    );
  await expect.poll(async () => (await holders(true)).length, { timeout: 10_000 }).toBe(1);
  const child = spawn(process.execPath, [main, 'rotate', 'acme'], {
    env: { PATH: process.env['PATH'], ...environmentOf(installation, serverUrl) },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ended = once(child, 'exit');
  const told = text(child.stderr);
  await expect.poll(async () => (await holders(false)).length, { timeout: 10_000 }).toBe(1);
  child.kill('SIGINT');
  expect(await ended).toEqual([130, null]);
  expect(await told).toContain('Interrupted.');
  for (const { pid } of await holders(true)) await runSql(serverUrl, 'SELECT pg_terminate_backend($1)', [pid]);
  await holding;
});
