import { createJobSigner, type JobContext } from '@tenantry/auth';
import { BadInputError } from '@tenantry/service';
import { TenantNotFoundError } from '@tenantry/tenant-pool';
import type { Registry } from 'prom-client';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { z } from 'zod';
import { operator } from '../testing/installation.ts';
import type { JobListing } from './job-board.ts';
import { jobsSchema } from './jobs-schema.ts';
import type { Worker } from './start-worker.ts';
import { defineTenantTask } from './tenant-task.ts';
import { openJobBench, type JobBench } from './testing/test-worker.ts';

let bench: JobBench;
let worker: Worker & { metrics: Registry };
let [acme, globex] = ['', ''];

/** What jobs have noted, in order. */
const notes: string[] = [];

const note = defineTenantTask({
  name: 'note',
  payload: z.strictObject({ text: z.string() }),
  run: async ({ tenantId, payload, db }) => {
    const { name } = await (
      await db()
    ).user.create({ data: { name: payload.text, email: `${payload.text}@people.example`, role: 'MEMBER', status: 'INVITED' } });
    notes.push(`${tenantId} ${name}`);
  },
});

const other = defineTenantTask({
  name: 'other',
  payload: z.strictObject({ text: z.string() }),
  run: async ({ payload }) => void notes.push(`other ${payload.text}`),
});

/** Fails as often as it is told to. */
let failures = 0;
const flaky = defineTenantTask({
  name: 'flaky',
  payload: z.strictObject({ text: z.string() }),
  run: async ({ payload, attempt }) => {
    if (failures-- > 0) throw new Error('on purpose');
    notes.push(`flaky ${payload.text} at attempt ${attempt}`);
  },
});

beforeAll(async () => {
  bench = await openJobBench(inject('postgresUrl'));
  [acme, globex] = [await bench.provision(), await bench.provision()];
  worker = await bench.work({ tenantTasks: [note, other, flaky] });
});
afterAll(async () => {
  await worker?.[Symbol.asyncDispose]();
  await bench?.[Symbol.asyncDispose]();
});

const requester = operator;
const soon = { timeout: 10_000 };
const find = async (id: string): Promise<JobListing | undefined> =>
  (await bench.installation.catalog.listJobs({ limit: 100 })).find((job) => job.id === id);
const stateOf = async (id: string) => (await find(id))?.state ?? 'DONE';

/** As somebody would who can write to the queue, and nothing else. */
async function smuggle(task: string, payload: unknown): Promise<string> {
  const { rows } = await bench.pool.query<{ id: string }>(`SELECT id FROM ${jobsSchema}.add_job($1, $2::json)`, [
    task,
    JSON.stringify(payload),
  ]);
  return rows[0]?.id ?? '';
}

const usersOf = async (tenantId: string) => {
  await using lease = await bench.tenants.lease(tenantId, { operation: 'test' });
  return (await lease.db.user.findMany({ orderBy: { name: 'asc' } })).map(({ name }) => name);
};

test("a job runs in its tenant's database and no other, and is gone then", async () => {
  const ids = [
    await bench.jobs.enqueue(note, { tenantId: acme, payload: { text: 'ada' }, requester }),
    await bench.jobs.enqueue(note, { tenantId: globex.toUpperCase(), payload: { text: 'gus' }, requester }),
  ];
  for (const id of ids) await expect.poll(async () => await stateOf(id), soon).toBe('DONE');
  expect(notes.toSorted()).toEqual([`${acme} ada`, `${globex} gus`].toSorted());
  expect([await usersOf(acme), await usersOf(globex)]).toEqual([['ada'], ['gus']]);
});

test('what is no tenant or no payload of the task is not queued', async () => {
  await expect(bench.jobs.enqueue(note, { tenantId: 'acme', payload: { text: 'ada' }, requester })).rejects.toThrow(TenantNotFoundError);
  const payload: { text: string } = JSON.parse('{"text": 1}');
  await expect(bench.jobs.enqueue(note, { tenantId: acme, payload, requester })).rejects.toThrow(BadInputError);
  const fit = { tenantId: acme, payload: { text: 'ada' }, requester };
  await expect(bench.jobs.enqueueAll(note, [fit, { ...fit, key: '' }])).rejects.toThrow(BadInputError);
  expect(await bench.installation.catalog.listJobs({ limit: 1 })).toEqual([]);
});

const job = (id: string, change: Partial<JobContext> = {}): JobContext => {
  const { issuer, subject, requestId } = requester;
  return {
    tenantId: acme,
    task: 'note',
    jobId: id,
    payload: { text: 'forged' },
    requester: { issuer, subject, requestId, origin: null },
    ...change,
  };
};
const later = () => new Date(Date.now() + 60_000);
const ours = () => createJobSigner({ key: bench.signingKey });
const theirs = () => createJobSigner({ key: Buffer.alloc(32, 'another') });

/** What the next job will be called. */
async function nextId(): Promise<string> {
  return String(Number(await smuggle('nobody-runs-this', {})) + 1);
}

async function replay(): Promise<string> {
  const runAt = new Date(Date.now() + 3_600_000);
  const good = await bench.jobs.enqueue(note, { tenantId: acme, payload: { text: 'replayed' }, requester, runAt });
  const { rows } = await bench.pool.query<{ payload: unknown }>(`SELECT payload FROM ${jobsSchema}._private_jobs WHERE id = $1`, [good]);
  return await smuggle('note', rows[0]?.payload);
}

describe('a job is refused, on record and for good,', () => {
  test.each<[string, () => Promise<string>, RegExp]>([
    ['that carries nothing', async () => await smuggle('note', { text: 'forged' }), /carries no tenant context/],
    ['that names a tenant, unsigned', async () => await smuggle('note', { tenantId: acme, text: 'forged' }), /carries no tenant context/],
    ['that carries any text', async () => await smuggle('note', { context: acme }), /jwt malformed/],
    [
      'that is signed by another key',
      async () => await smuggle('note', { context: theirs().sign(job(await nextId()), later()) }),
      /invalid signature/,
    ],
    [
      'that comes too late',
      async () => await smuggle('note', { context: ours().sign(job(await nextId()), new Date(Date.now() - 60_000)) }),
      /expired/,
    ],
    ["with another job's context", replay, /is for the job \d+, not for \d+/],
    [
      "with another task's context",
      async () => await smuggle('note', { context: ours().sign(job(await nextId(), { task: 'other' }), later()) }),
      /is for the task other, not for note/,
    ],
    [
      'whose tenant is not there',
      async () => await smuggle('note', { context: ours().sign(job(await nextId(), { tenantId: crypto.randomUUID() }), later()) }),
      /tenant is gone/,
    ],
  ])('%s', async (_what, queue, reason) => {
    const before = notes.length;
    const id = await queue();
    await expect
      .poll(async () => await find(id), soon)
      .toMatchObject({ state: 'FAILED', attempts: 1, error: expect.stringMatching(reason) });
    expect(notes).toHaveLength(before);
    expect(await bench.installation.catalog.listAudit({ limit: 5, filter: { action: 'job.run', outcome: 'DENIED' } })).toContainEqual(
      expect.objectContaining({ requestId: `job-${id}`, detail: { task: 'note', job: id, reason: expect.stringMatching(reason) } }),
    );
  });

  test('and counted', async () => {
    expect(await worker.metrics.metrics()).toMatch(/tenantry_jobs_total\{task="note",outcome="refused"\} 8/);
    expect(await worker.metrics.metrics()).toMatch(/tenantry_job_queue\{task="note",state="failed"\} 8/);
  });
});

test('a job of a tenant that is suspended waits until it is served again', async () => {
  const { control } = bench.installation;
  await control.suspendTenant(globex, operator);
  const id = await bench.jobs.enqueue(other, { tenantId: globex, payload: { text: 'patient' }, requester });
  await expect.poll(async () => await find(id), soon).toMatchObject({ state: 'WAITING', error: expect.stringContaining('is SUSPENDED') });
  await control.resumeTenant(globex, operator);
  await control.retryJob(id, operator);
  await expect.poll(async () => await stateOf(id), soon).toBe('DONE');
  expect(notes).toContain('other patient');
});

test('a job of a tenant that is deleted waits while it can be restored', async () => {
  const { control } = bench.installation;
  const tenantId = await bench.provision();
  await control.deleteTenant(tenantId, operator, { graceDays: 1 });
  const id = await bench.jobs.enqueue(other, { tenantId, payload: { text: 'restored' }, requester });
  await expect.poll(async () => await find(id), soon).toMatchObject({ state: 'WAITING', error: expect.stringContaining('is DELETING') });
  await control.restoreTenant(tenantId, operator);
  await control.retryJob(id, operator);
  await expect.poll(async () => await stateOf(id), soon).toBe('DONE');
  expect(notes).toContain('other restored');
});

test('what fails is tried again, later, and sooner when somebody asks for it', async () => {
  failures = 1;
  const id = await bench.jobs.enqueue(flaky, { tenantId: acme, payload: { text: 'a' }, requester });
  await expect.poll(async () => await find(id), soon).toMatchObject({ state: 'WAITING', attempts: 1, tenantId: acme, error: 'on purpose' });
  await bench.installation.control.retryJob(id, operator);
  await expect.poll(async () => await stateOf(id), soon).toBe('DONE');
  expect(notes).toContain('flaky a at attempt 1');
  const nobodies = [id, '0', 'nonsense', '99999999999999999999'];
  for (const nobody of nobodies) await expect(bench.installation.control.retryJob(nobody, operator)).rejects.toThrow('that has failed');
  const audit = await bench.installation.catalog.listAudit({ limit: nobodies.length + 1, filter: { action: 'job.retry' } });
  expect(audit.map(({ outcome, tenantId, detail }) => ({ outcome, tenantId, detail }))).toEqual([
    ...[null, null, null, id].map((named) => ({ outcome: 'DENIED', tenantId: null, detail: { job: named, reason: 'NoSuchJobError' } })),
    { outcome: 'ALLOWED', tenantId: acme, detail: { job: id } },
  ]);
});

test('of one key only the last one is run, unless the first has begun', async () => {
  const runAt = new Date(Date.now() + 400);
  const request = { tenantId: acme, requester, key: 'digest', runAt };
  const first = await bench.jobs.enqueue(other, { ...request, payload: { text: 'first' } });
  const [again, last] = await bench.jobs.enqueueAll(other, [
    { ...request, payload: { text: 'second' } },
    { ...request, payload: { text: 'third' } },
  ]);
  const elsewhere = await bench.jobs.enqueue(other, { ...request, tenantId: globex, payload: { text: 'of globex' } });
  expect([again, last]).toEqual([first, first]);
  expect(elsewhere).not.toBe(first);
  for (const id of [first, elsewhere]) await expect.poll(async () => await stateOf(id), soon).toBe('DONE');
  expect(notes.filter((each) => /first|second|third|globex/.test(each)).toSorted()).toEqual(['other of globex', 'other third']);
});

test('of a key whose job a worker takes in that very moment, another is queued', async () => {
  const idle = defineTenantTask({ name: 'idle', payload: z.strictObject({}), run: async () => {} });
  const request = { tenantId: acme, payload: {}, requester, key: 'one' };
  const first = await bench.jobs.enqueue(idle, request);
  const taker = await bench.pool.connect();
  try {
    await taker.query('BEGIN');
    await taker.query(`UPDATE ${jobsSchema}._private_jobs SET locked_at = now(), locked_by = 'another', attempts = 1 WHERE id = $1`, [
      first,
    ]);
    const second = bench.jobs.enqueue(idle, request);
    await expect.poll(async () => (await blocked()).length, soon).toBe(1);
    await taker.query('COMMIT');
    expect(await second).not.toBe(first);
  } finally {
    taker.release();
  }
  expect(await bench.list('idle')).toMatchObject([{ state: 'READY' }, { id: first, state: 'RUNNING' }]);
});

const blocked = async () => {
  const { rows } = await bench.pool.query<object>(
    `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%add_jobs%'`,
  );
  return rows;
};

test('jobs that failed long ago, or that no worker knows any more, are cleared away', async () => {
  const age = async (id: string, days: number, failed: boolean) =>
    await bench.pool.query(
      `UPDATE ${jobsSchema}._private_jobs SET run_at = now() - make_interval(days => $2), updated_at = now() - make_interval(days => $2),
         attempts = CASE WHEN $3 THEN max_attempts ELSE 0 END WHERE id = $1`,
      [id, days, failed],
    );
  const ids = { failed: await smuggle('gone', {}), failedLately: await smuggle('gone', {}), untaken: await smuggle('gone', {}) };
  const fresh = await smuggle('gone', {});
  await age(ids.failed, 31, true);
  await age(ids.failedLately, 29, true);
  await age(ids.untaken, 31, false);
  expect(await bench.installation.control.clearFailedJobs(30)).toBe(2);
  expect((await bench.list('gone')).map(({ id }) => id)).toEqual([fresh, ids.failedLately]);
});

test('nothing that waits for a tenant is left when it is purged', async () => {
  const { control, catalog } = bench.installation;
  const id = await bench.provision();
  const runAt = new Date(Date.now() + 3_600_000);
  await bench.jobs.enqueue(other, { tenantId: id, payload: { text: 'never' }, requester, runAt });
  expect(await catalog.listJobs({ limit: 10, tenantId: id })).toHaveLength(1);
  await control.deleteTenant(id, operator, { graceDays: 0 });
  await control.purgeTenant(id, operator);
  expect(await catalog.listJobs({ limit: 10, tenantId: id })).toEqual([]);
});
