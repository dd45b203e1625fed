import { setTimeout as sleep } from 'node:timers/promises';
import { silentLogger } from '@tenantry/service';
import { afterAll, beforeAll, expect, inject, test, vi } from 'vitest';
import { runSql, uniqueName } from '../testing/installation.ts';
import { openClusterAdmin, type ClusterAdmin } from './cluster-admin.ts';
import { ExclusiveCluster } from './exclusive-cluster.ts';

const server = inject('postgresUrl');
let admin: ClusterAdmin;

beforeAll(() => void (admin = openClusterAdmin({ name: 'standard', adminUrl: server }, silentLogger)));
afterAll(async () => await admin?.[Symbol.asyncDispose]());

const open = (lock: string, check = async () => {}) => new ExclusiveCluster(admin, lock, check);

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
