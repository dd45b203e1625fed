import { startDisposablePostgres, type DisposablePostgres } from '@tenantry/backing-services';
import type { Environment } from '@tenantry/service';
import { openInstallation, type Installation } from '@tenantry/tenant-control/testing';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { environmentOf } from '../../testing/environment-of.ts';
import { runCommand, runForJson } from '../../testing/run-command.ts';

const serverUrl = inject('postgresUrl');
let premium: DisposablePostgres;
let installation: Installation;
let environment: Environment;
beforeAll(async () => {
  premium = await startDisposablePostgres({ settings: { shared_buffers: '32MB' } });
  installation = await openInstallation({ serverUrl });
  const clusters = { standard: serverUrl, premium: premium.url };
  environment = { ...environmentOf(installation, serverUrl), TENANT_CLUSTERS: JSON.stringify(clusters) };
});
afterAll(async () => {
  await installation?.[Symbol.asyncDispose]();
  await premium?.[Symbol.asyncDispose]();
});

const tenantry = async (commandLine: string, columns?: number) => {
  return await runCommand(commandLine.split(' '), { environment, ...(columns !== undefined && { columns }) });
};

test('a tenant is moved with progress and the measured pause, brought back, moved again and confirmed', async () => {
  await runForJson(['tenants', 'provision', 'mover', '--name', 'Mover'], { environment });
  const moved = await tenantry('tenants move mover --to premium --tier premium --way dump', 200);
  expect(moved.stdout).toMatch(/mover is on premium\.\n$/);
  expect(moved.stderr).toMatch(/Moving mover to premium/);
  expect(moved.stderr).toMatch(
    /By a dump \(it was asked for\); requests waited \d+ ms; 1 rows compared by checksums\. The old database on standard is kept/,
  );
  expect(await tenantry('tenants move mover --to standard')).toMatchObject({ status: 73, stdout: '' });

  const [back] = await runForJson(['tenants', 'revert-move', 'mover'], { environment });
  expect(back).toMatchObject({
    slug: 'mover',
    cluster: 'standard',
    tier: 'STANDARD',
    move: { deed: 'REVERT', pauseMs: expect.any(Number), isOpen: false },
  });
  await tenantry('tenants move mover --to premium --way dump');
  expect((await tenantry('tenants confirm-move mover')).status).toBe(77);
  expect((await tenantry('tenants confirm-move mover --yes')).stdout).toBe('mover is on premium for good: its old database is gone.\n');
  expect((await tenantry('tenants confirm-move mover --yes')).status).toBe(73);
  expect((await tenantry('tenants move mover --to moon')).status).toBe(65);
});
