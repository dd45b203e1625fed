import { setTimeout as sleep } from 'node:timers/promises';
import { silentLogger } from '@tenantry/service';
import { LeaseEndedError, type TenantDb } from '@tenantry/tenant-pool';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { z } from 'zod';
import { operator } from '../testing/installation.ts';
import { fanOut } from './fan-out.ts';
import { defineTenantTask } from './tenant-task.ts';
import { slowTask } from './testing/slow-task.ts';
import { openJobBench, type JobBench } from './testing/test-worker.ts';

let bench: JobBench;
let acme: string;

beforeAll(async () => {
  bench = await openJobBench(inject('postgresUrl'));
  acme = await bench.provision();
});
afterAll(async () => await bench?.[Symbol.asyncDispose]());

const list = async (task: string) => await bench.list(task);
const requester = operator;
const soon = { timeout: 20_000 };
const noPayload = z.strictObject({});

test('a scheduled task is run by one worker at a time, and once for all who ask for it meanwhile', async () => {
  const task = slowTask();
  await using _first = await bench.work({ scheduled: [task] });
  await using _second = await bench.work({ scheduled: [task] });
  await bench.request(task.name);
  await expect.poll(() => task.begun, soon).toHaveLength(1);
  for (let count = 0; count < 3; count++) await bench.request(task.name);
  // Longer than a worker waits before it looks again for what is due.
  await sleep(2500);
  expect(task.begun).toHaveLength(1);
  task.finish();
  await expect.poll(async () => await list(task.name), soon).toEqual([]);
  expect([task.begun.length, task.most]).toEqual([2, 1]);
});

test("a tenant's serial jobs run one after the other, others at the same time", async () => {
  let [underWay, most] = [0, 0];
  const serial = defineTenantTask({
    name: 'serial',
    payload: noPayload,
    isSerial: true,
    run: async () => {
      most = Math.max(most, ++underWay);
      await sleep(50);
      underWay--;
    },
  });
  const { promise: met, resolve: meet } = Promise.withResolvers<void>();
  const sociable = defineTenantTask({
    name: 'sociable',
    payload: noPayload,
    run: async () => {
      if (++underWay === 2) meet();
      await met;
    },
  });
  await using _worker = await bench.work({ tenantTasks: [serial, sociable] });
  for (const task of [serial, sociable]) {
    const requests = Array.from({ length: 3 }, () => ({ tenantId: acme, payload: {}, requester }));
    await bench.jobs.enqueueAll(task, requests);
    await expect.poll(async () => await list(task.name), soon).toEqual([]);
  }
  expect(most).toBe(1);
});

test('a job for a tenant that takes long holds up nothing that is scheduled', async () => {
  const { promise: finished, resolve: finish } = Promise.withResolvers<void>();
  const endless = defineTenantTask({ name: 'long', payload: noPayload, run: async () => await finished });
  const sweep = slowTask();
  await using _worker = await bench.work({ tenantTasks: [endless], scheduled: [sweep], concurrency: 1 });
  await bench.jobs.enqueueAll(
    endless,
    Array.from({ length: 2 }, () => ({ tenantId: acme, payload: {}, requester })),
  );
  await expect.poll(async () => (await list('long')).map(({ state }) => state), soon).toEqual(['READY', 'RUNNING']);
  await bench.request(sweep.name);
  await expect.poll(() => sweep.begun, soon).toHaveLength(1);
  finish();
  sweep.finish();
});

test('a task with a schedule has a job queued for every tenant, once while it waits', async () => {
  const seen: string[] = [];
  const daily = defineTenantTask({
    name: 'daily',
    payload: z.strictObject({ what: z.string() }),
    schedule: { cron: '0 4 * * *', payload: { what: 'all' } },
    run: async ({ tenantId, payload }) => void seen.push(`${tenantId} ${payload.what}`),
  });
  const scheduled = fanOut(daily, { catalog: bench.installation.catalog, jobs: bench.jobs });
  const suspended = await bench.provision();
  await bench.installation.control.suspendTenant(suspended, operator);
  const [schedule] = scheduled;
  const job = { actor: operator, signal: new AbortController().signal, logger: silentLogger };
  for (let count = 0; count < 2; count++) expect(await schedule?.run(job)).toEqual({ queued: 1 });
  await using _worker = await bench.work({ tenantTasks: [daily], scheduled });
  await expect.poll(async () => await list('daily'), soon).toEqual([]);
  expect(seen).toEqual([`${acme} all`]);
});

test('a worker that is stopped lets its jobs end, and frees those that do not in time', async () => {
  const [quick, stubborn] = [slowTask(), slowTask()];
  const signals: AbortSignal[] = [];
  const heeding = defineTenantTask({
    name: 'heeding',
    payload: noPayload,
    run: async ({ signal }) => {
      signals.push(signal);
      await sleep(60_000, undefined, { signal });
    },
  });
  const worker = await bench.work({
    scheduled: [quick, stubborn],
    tenantTasks: [heeding],
    patience: { graceMs: 200, deadlineMs: 800 },
  });
  for (const { name } of [quick, stubborn]) await bench.request(name);
  const heedful = await bench.jobs.enqueue(heeding, { tenantId: acme, payload: {}, requester });
  await expect.poll(() => [...quick.begun, ...stubborn.begun, ...signals], soon).toHaveLength(3);
  const stopped = worker[Symbol.asyncDispose]();
  quick.finish();
  await stopped;
  expect(signals[0]?.aborted).toBe(true);
  expect(await list(quick.name)).toEqual([]);
  expect(await list(stubborn.name)).toMatchObject([{ state: 'WAITING', error: 'Its worker had to stop before it was done.' }]);
  expect(await list('heeding')).toMatchObject([{ id: heedful, state: 'WAITING', attempts: 1 }]);
  stubborn.finish();
});

test('what a worker had to leave undone reaches no tenant any more, even if it goes on', async () => {
  const handles: TenantDb[] = [];
  const deaf = defineTenantTask({
    name: 'deaf',
    payload: noPayload,
    run: async ({ db }) => {
      handles.push(await db());
      await new Promise(() => {});
    },
  });
  const worker = await bench.work({ tenantTasks: [deaf], patience: { graceMs: 100, deadlineMs: 200 } });
  await bench.jobs.enqueue(deaf, { tenantId: acme, payload: {}, requester });
  await expect.poll(() => handles, soon).toHaveLength(1);
  expect(await handles[0]?.user.count()).toBe(0);
  await worker[Symbol.asyncDispose]();
  await expect(handles[0]?.user.count()).rejects.toThrow(LeaseEndedError);
});

test('tasks of one name, and schedules of none, are refused at the start', async () => {
  const task = slowTask();
  await expect(bench.work({ scheduled: [task, task] })).rejects.toThrow(`There are two tasks called ${task.name}.`);
  await expect(bench.work({ scheduled: [task], schedules: { nothing: null } })).rejects.toThrow(
    `JOB_SCHEDULES names nothing; there is ${task.name}.`,
  );
});
