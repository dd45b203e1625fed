import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { silentLogger } from '@tenantry/service';
import { afterAll, beforeAll, expect, inject, test, vi } from 'vitest';
import { runSql, uniqueName } from '../testing/installation.ts';
import { openClusterAdmin, type ClusterAdmin } from './cluster-admin.ts';
import type { Turn } from './cluster-lock.ts';
import { ExclusiveCluster } from './exclusive-cluster.ts';

const server = inject('postgresUrl');
let admin: ClusterAdmin;

beforeAll(() => void (admin = openClusterAdmin({ name: 'standard', adminUrl: server }, silentLogger)));
afterAll(async () => await admin?.[Symbol.asyncDispose]());

const open = (lock: string, check = async () => {}, turn: Turn | null = null) => new ExclusiveCluster(admin, lock, check, turn);

async function backend(cluster: ExclusiveCluster): Promise<number | undefined> {
  return (await (await cluster.session()).query<{ pid: number }>('SELECT pg_backend_pid() AS pid')).rows[0]?.pid;
}

test('equal names exclude each other, and other names do not', async () => {
  const lock = uniqueName('lock');
  const events: string[] = [];
  await using other = open(uniqueName('lock'));
  await using second = open(lock, async () => void events.push('second has it'));
  const first = open(lock);
  await first.session();
  const waiting = second.session();
  await other.session();
  await sleep(50);
  events.push('first gives it back');
  await first[Symbol.asyncDispose]();
  await waiting;
  expect(events).toEqual(['first gives it back', 'second has it']);
});

test('a statement that its client did not live to see ended keeps the lock until it has', async () => {
  const lock = uniqueName('lock');
  const client = await admin.pool.connect();
  client.on('error', () => {});
  await client.query('SELECT pg_advisory_lock(hashtextextended($1, 0))', [lock]);
  const since = performance.now();
  const orphan = client.query('SELECT pg_sleep(0.5)').catch(() => {});
  // As the kernel does when a process is killed.
  client.connection.stream.destroy();
  await orphan;
  client.release(true);
  await using cluster = open(lock);
  await cluster.session();
  expect(performance.now() - since).toBeGreaterThan(450);
});

test('who waited in vain does nothing', async () => {
  const error = new Error('somebody else has it now');
  await using cluster = open(uniqueName('lock'), async () => {
    throw error;
  });
  await expect(cluster.session()).rejects.toBe(error);
});

test('a session that is lost is opened anew, with the lock', async () => {
  const check = vi.fn(async () => {});
  await using cluster = open(uniqueName('lock'), check);
  const lost = await backend(cluster);
  await runSql(server, 'SELECT pg_terminate_backend($1)', [lost]);
  await vi.waitFor(async () => expect(await backend(cluster)).not.toBe(lost));
  expect(check).toHaveBeenCalledTimes(2);
});

test('whoever had an earlier turn with the same work, and does not give the lock back, has it no more', async () => {
  const [lock, id] = [uniqueName('lock'), randomUUID()];
  const paused = open(lock, async () => {}, { id, attempt: 1 });
  const session = await paused.session();
  await using cluster = open(lock, async () => {}, { id, attempt: 2 });
  await cluster.session();
  await expect(session.query('SELECT 1')).rejects.toThrow(/terminat|not queryable|Connection/);
  await paused[Symbol.asyncDispose]();
});

test('whoever has it with other work, or a later turn, is waited for', async () => {
  const [lock, id] = [uniqueName('lock'), randomUUID()];
  const later = open(lock, async () => {}, { id, attempt: 3 });
  const session = await later.session();
  const waiting = [
    { id, attempt: 2 },
    { id: randomUUID(), attempt: 9 },
  ].map((turn) => open(lock, async () => {}, turn));
  const had = waiting.map(async (cluster) => {
    await cluster.session();
    await cluster[Symbol.asyncDispose]();
  });
  await sleep(1200);
  expect((await session.query('SELECT 1')).rowCount).toBe(1);
  await later[Symbol.asyncDispose]();
  await Promise.all(had);
});

test('a session that is given back says no more whose turn it was', async () => {
  const cluster = open(uniqueName('lock'), async () => {}, { id: randomUUID(), attempt: 1 });
  const pid = await backend(cluster);
  await cluster[Symbol.asyncDispose]();
  expect(await runSql(server, 'SELECT application_name AS name FROM pg_stat_activity WHERE pid = $1', [pid])).toEqual([
    { name: 'tenantry:control' },
  ]);
});
