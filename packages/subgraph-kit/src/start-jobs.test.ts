import { randomBytes } from 'node:crypto';
import { silentLogger } from '@tenantry/service';
import { defaultJobsConfig, defineTenantTask } from '@tenantry/tenant-control';
import { Registry } from 'prom-client';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { z } from 'zod';
import { openServices, type OpenServices } from './services.ts';
import { startJobs } from './start-jobs.ts';
import { defineProbe } from './testing/probe.ts';
import { openTestInstallation, type TestInstallation } from './testing/installation.ts';

const signingKey = randomBytes(32);
const requester = { issuer: 'test', subject: 'test', requestId: 'test' };
let installation: TestInstallation;
let services: OpenServices;

beforeAll(async () => {
  const postgresUrl = inject('postgresUrl');
  installation = await openTestInstallation(postgresUrl);
  services = await openServices({
    service: 'jobs',
    controlDatabaseUrl: installation.controlDatabaseUrl,
    clusters: [{ name: 'standard', adminUrl: postgresUrl, shelf: 0 }],
    keyRing: installation.keyRing,
    signingKey,
    redisUrl: null,
    recordActivityMs: 50,
    logger: silentLogger,
    metrics: new Registry(),
  });
});
afterAll(async () => {
  await services?.[Symbol.asyncDispose]();
  await installation?.[Symbol.asyncDispose]();
});

it("runs a subgraph's jobs by the pool's leases, and keeps no tenant awake by that", async () => {
  const { id } = await installation.provision();
  const counts: number[] = [];
  const count = defineTenantTask({
    name: 'probe.count',
    payload: z.strictObject({}),
    run: async ({ db }) => void counts.push(await (await db()).user.count()),
  });
  const subgraphs = [{ ...defineProbe(), tasks: [count] }];
  const options = { services, subgraphs, config: defaultJobsConfig, signingKey, metrics: new Registry() };
  await using _worker = await startJobs({ ...options, controlDatabaseUrl: installation.controlDatabaseUrl });
  await services.jobs.enqueue(count, { tenantId: id, payload: {}, requester });
  await expect.poll(() => counts, { timeout: 10_000 }).toEqual([0]);

  const lastActive = async () => (await services.catalog.findTenants([id]))[0]?.lastActiveAt;
  const other = await installation.provision();
  await (await services.pool.lease(other.id, { operation: 'test' }))[Symbol.asyncDispose]();
  await expect.poll(async () => (await services.catalog.findTenants([other.id]))[0]?.lastActiveAt).toBeInstanceOf(Date);
  expect(await lastActive()).toBeNull();
});

it('needs the administrators of the clusters', async () => {
  const without = { ...services, control: null };
  const options = { services: without, subgraphs: [], config: defaultJobsConfig, signingKey, metrics: new Registry() };
  await expect(startJobs({ ...options, controlDatabaseUrl: installation.controlDatabaseUrl })).rejects.toThrow('set TENANT_CLUSTERS');
});
