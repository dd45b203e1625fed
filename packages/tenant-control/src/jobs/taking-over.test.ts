import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { silentLogger } from '@tenantry/service';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { jobsSchema } from './jobs-schema.ts';
import { Presence, takeOverJobs } from './presence.ts';
import type { ScheduledTask } from './scheduled-task.ts';
import { slowTask } from './testing/slow-task.ts';
import { openJobBench, type JobBench } from './testing/test-worker.ts';

let bench: JobBench;
beforeAll(async () => (bench = await openJobBench(inject('postgresUrl'))));
afterAll(async () => await bench?.[Symbol.asyncDispose]());

const soon = { timeout: 20_000 };

test('the job of a worker that is killed is run again by another one, and not that of one that lives', async () => {
  await bench.request('endless');
  const script = join(import.meta.dirname, 'testing/doomed-job-worker.ts');
  const doomed = spawn(process.execPath, [script, bench.installation.controlDatabaseUrl], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(doomed.stdout, 'data');
  expect(await takeOverJobs(bench.pool, silentLogger)).toEqual([]);
  expect(await bench.list('endless')).toMatchObject([{ state: 'RUNNING' }]);
  doomed.kill('SIGKILL');
  await once(doomed, 'exit');
  const task = slowTask('endless');
  task.finish();
  await using _worker = await bench.work({ scheduled: [task] });
  await expect.poll(() => task.begun, soon).toHaveLength(1);
  await expect.poll(async () => await bench.list('endless'), soon).toEqual([]);
});

test('a worker whose place in the queue is lost stops what it is at, and begins anew', async () => {
  const signals: AbortSignal[] = [];
  const task: ScheduledTask = {
    name: 'interrupted',
    cron: '0 0 1 1 *',
    run: async ({ signal }) => {
      signals.push(signal);
      if (signals.length === 1) await sleep(60_000, undefined, { signal });
      return {};
    },
  };
  await using worker = await bench.work({ scheduled: [task] });
  await bench.request('interrupted');
  await expect.poll(() => signals, soon).toHaveLength(1);
  await worker.checkReadiness();
  await bench.pool.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'tenantry:worker presence'`,
  );
  await expect.poll(() => signals[0]?.aborted, soon).toBe(true);
  await expect.poll(async () => await bench.list('interrupted'), soon).toEqual([]);
  expect(signals).toHaveLength(2);
  await worker.checkReadiness();
});

test('a worker that was taken for dead, and is not, ends nothing that another one is at', async () => {
  const task = slowTask();
  await using _zombie = await bench.work({ scheduled: [task] });
  await bench.request(task.name);
  await expect.poll(() => task.begun, soon).toHaveLength(1);
  // As when its machine stood still for a while.
  await using other = await Presence.open(bench.installation.controlDatabaseUrl);
  await other.declare('another');
  for (const table of ['_private_jobs', '_private_job_queues']) {
    await bench.pool.query(`UPDATE ${jobsSchema}.${table} SET locked_by = 'another' WHERE locked_by IS NOT NULL`);
  }
  task.finish();
  await sleep(300);
  expect(await bench.list(task.name)).toMatchObject([{ state: 'RUNNING' }]);
});

test('a queue that is held by a worker without a job in it is set free', async () => {
  const task = slowTask();
  task.finish();
  await bench.request(task.name);
  await bench.pool.query(`UPDATE ${jobsSchema}._private_job_queues SET locked_by = 'gone', locked_at = now() WHERE queue_name = $1`, [
    task.name,
  ]);
  await using _worker = await bench.work({ scheduled: [task] });
  await expect.poll(() => task.begun, soon).toHaveLength(1);
});

test('what was missed a hundred times is made up for once', async () => {
  const task = slowTask();
  task.finish();
  const hourly = { ...task, cron: `${(new Date().getUTCMinutes() + 30) % 60} * * * *`, catchesUp: true };
  await bench.pool.query(
    `INSERT INTO ${jobsSchema}._private_known_crontabs (identifier, known_since, last_execution)
     VALUES ($1, now() - interval '200 hours', now() - interval '100 hours')`,
    [hourly.name],
  );
  await using _worker = await bench.work({ scheduled: [hourly] });
  await expect.poll(() => task.begun, soon).not.toEqual([]);
  await expect.poll(async () => await bench.list(hourly.name), soon).toEqual([]);
  expect(task.begun).toHaveLength(1);
});
