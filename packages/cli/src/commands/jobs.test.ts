import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { openInstallation, operator, runSql, type Installation } from '@tenantry/tenant-control/testing';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { environmentOf } from '../testing/environment-of.ts';
import { runCommand, runForJson } from '../testing/run-command.ts';

const serverUrl = inject('postgresUrl');
const main = new URL('../main.ts', import.meta.url).pathname;
let installation: Installation;
beforeAll(async () => {
  installation = await openInstallation({ serverUrl, clusters: [{ name: 'standard', adminUrl: serverUrl, shelf: 0 }] });
});
afterAll(async () => await installation?.[Symbol.asyncDispose]());

const environment = () => ({
  ...environmentOf(installation, serverUrl),
  SUBGRAPH_SIGNING_KEY: Buffer.alloc(32).toString('base64'),
  TENANT_CLUSTERS: JSON.stringify({ standard: { admin: serverUrl, shelf: 0 } }),
});

function startWorker(...nodeOptions: readonly string[]) {
  return spawn(process.execPath, [...nodeOptions, main, 'worker', '--port', '0', '--metrics-port', '0'], {
    env: { PATH: process.env['PATH'], HOST: '127.0.0.1', ...environment() },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

test('a worker runs what waits, tells how it is, and ends when it is told to; what has failed can be looked at and tried again', async () => {
  const { id } = await installation.control.provisionTenant({ slug: 'sized', name: 'Sized' }, { actor: operator });
  expect(await runForJson(['tenants', 'show', 'sized'], { environment: environment() })).toMatchObject([{ size: null }]);
  // As a schedule has it queued; a back-up without a signed context is refused.
  for (const task of ['sample-usage', 'back-up'])
    await runSql(installation.controlDatabaseUrl, 'SELECT FROM tenantry_jobs.add_job($1)', [task]);

  const worker = startWorker();
  const url = await urlOf(worker.stdout);
  expect((await fetch(`${url}/livez`)).status).toBe(200);
  expect((await fetch(`${url}/readyz`)).status).toBe(200);
  const failed = async () => await installation.catalog.listJobs({ limit: 10, state: 'FAILED' });
  await expect.poll(failed, { timeout: 20_000 }).toMatchObject([{ task: 'back-up', attempts: 1 }]);
  await expect.poll(async () => await installation.catalog.listUsageSamples([id], { limit: 1 }), { timeout: 20_000 }).toHaveLength(1);
  worker.kill('SIGTERM');
  expect(await once(worker, 'exit')).toEqual([0, null]);

  expect(await runForJson(['tenants', 'show', 'sized'], { environment: environment() })).toMatchObject([
    { size: { databaseBytes: expect.any(Number), grownBytes: null } },
  ]);
  const [job] = await runForJson(['jobs', 'list', '--state', 'failed'], { environment: environment() });
  expect(job).toMatchObject({
    task: 'back-up',
    state: 'FAILED',
    tenantId: null,
    error: expect.stringContaining('carries no tenant context'),
  });
  const number = (await failed())[0]?.id ?? '';
  expect((await runCommand(['jobs', 'retry', number], { environment: environment() })).status).toBe(0);
  expect(await runForJson(['jobs', 'list', '--task', 'back-up'], { environment: environment() })).toMatchObject([
    { state: 'READY', attempts: 0 },
  ]);
  expect((await runCommand(['jobs', 'retry', number], { environment: environment() })).status).toBe(66);
}, 60_000);

test('a worker that cannot stop as it should ends badly', async () => {
  const worker = startWorker('--import', new URL('../testing/broken-stop.ts', import.meta.url).pathname);
  await urlOf(worker.stdout);
  worker.kill('SIGTERM');
  expect(await once(worker, 'exit')).toEqual([1, null]);
});

test('a worker without its variables names them all', async () => {
  const options = { env: { PATH: process.env['PATH'], CONTROL_DATABASE_URL: installation.controlDatabaseUrl, WORKER_CONCURRENCY: 'many' } };
  await expect(promisify(execFile)(process.execPath, [main, 'worker'], options)).rejects.toMatchObject({
    code: 78,
    stderr: expect.stringMatching(/TENANT_CLUSTERS is missing[\s\S]*SUBGRAPH_SIGNING_KEY is missing[\s\S]*WORKER_CONCURRENCY: must be/),
  });
});

/** Where a worker says that it tells how it is. */
async function urlOf(stdout: NodeJS.ReadableStream): Promise<string> {
  for await (const line of createInterface({ input: stdout })) {
    const { url }: { url?: string } = JSON.parse(line);
    if (url !== undefined) {
      stdout.resume();
      return url;
    }
  }
  throw new Error('The worker has ended without a word.');
}
