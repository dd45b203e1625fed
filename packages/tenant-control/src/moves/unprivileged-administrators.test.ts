import { startDisposablePostgres } from '@tenantry/backing-services';
import { unseal } from '@tenantry/service';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { databaseUrl } from '../postgres/connection.ts';
import type { FaultPoint } from '../sagas/saga.ts';
import { openInstallation, operator, runSql, uniqueName, type Installation } from '../testing/installation.ts';

const cleanup = new AsyncDisposableStack();
const keeper = { user: 'keeper', password: 'secret' };
const names = ['one', 'other'] as const;
/** Superusers' URLs of two servers of their own. */
const servers: string[] = [];
let installation: Installation;
/** What happens once a tenant is replicated. */
let onReplicated: (() => Promise<void>) | null = null;

async function reachFaultPoint({ step, direction, at }: FaultPoint): Promise<void> {
  if (step === 'replication' && direction === 'run' && at === 'after') await onReplicated?.();
}

beforeAll(async () => {
  for (const _name of names) {
    const { url } = cleanup.use(await startDisposablePostgres({ settings: { wal_level: 'logical', shared_buffers: '32MB' } }));
    servers.push(url);
    await runSql(url, `CREATE ROLE keeper LOGIN CREATEDB CREATEROLE PASSWORD 'secret'`);
    await runSql(url, 'CREATE DATABASE keeper OWNER keeper');
    for (const database of ['postgres', 'template1']) await runSql(url, `REVOKE CONNECT ON DATABASE ${database} FROM PUBLIC`);
  }
  const clusters = names.map((name, index) => ({ name, adminUrl: databaseUrl(servers[index] ?? '', 'keeper', keeper) }));
  installation = cleanup.use(await openInstallation({ serverUrl: inject('postgresUrl'), clusters, reachFaultPoint }));
});
afterAll(async () => await cleanup.disposeAsync());

async function provision(): Promise<string> {
  const input = {
    slug: uniqueName('t').replace('_', '-'),
    name: 'Acme',
    cluster: 'one',
    firstOwner: { email: 'a@b.example', name: 'Ada' },
  };
  return (await installation.control.provisionTenant(input, { actor: operator })).id;
}

async function moveThereAndBack(): Promise<(string | undefined)[]> {
  const { control, catalog, keyRing } = installation;
  const id = await provision();
  await control.moveTenant(id, { cluster: 'other' }, operator);
  const placement = await catalog.findPlacement(id);
  const signIn = { user: placement?.role ?? '', password: unseal(placement?.sealedPassword ?? '', id, keyRing) };
  const url = databaseUrl(servers[1] ?? '', placement?.database ?? '', signIn);
  expect(await runSql(url, 'SELECT name FROM users')).toEqual([{ name: 'Ada' }]);
  expect(await control.revertMove(id, operator)).toMatchObject({ clusterName: 'one', status: 'ACTIVE' });
  const diagnoses = await control.examine();
  expect(diagnoses.filter(({ tenantId }) => tenantId === id)).toEqual([]);
  const runs = await catalog.findLatestRuns([id], 2);
  return runs.map(({ move }) => `${move?.way}: ${move?.reason}`);
}

test('administrators with CREATEDB and CREATEROLE, and nothing else, are enough to move a tenant, by a dump', async () => {
  expect(await moveThereAndBack()).toEqual([
    'DUMP: the administrator of "other" may not make roles that replicate',
    'DUMP: the administrator of "one" may not make roles that replicate',
  ]);
});

test('with REPLICATION and pg_create_subscription they are enough to replicate it', async () => {
  for (const url of servers) await runSql(url, 'ALTER ROLE keeper REPLICATION; GRANT pg_create_subscription TO keeper');
  const reason = 'both servers can replicate, and so can every table';
  expect(await moveThereAndBack()).toEqual([`REPLICATION: ${reason}`, `REPLICATION: ${reason}`]);
});

test('a server keeps nothing for another one that is not to be reached any more', async () => {
  const { control, catalog } = installation;
  const [one = '', other = ''] = servers;
  const id = await provision();
  onReplicated = async () => {
    await runSql(other, `ALTER ROLE keeper NOLOGIN; SELECT pg_terminate_backend(pid, 1000) FROM pg_stat_activity WHERE usename = 'keeper'`);
    throw new Error('a failure on purpose');
  };
  await expect(control.moveTenant(id, { cluster: 'other' }, operator)).rejects.toThrow('could not be undone yet');
  onReplicated = null;
  expect(await runSql(one, 'SELECT slot_name FROM pg_replication_slots')).toEqual([]);
  expect(await catalog.findTenants([id])).toMatchObject([{ clusterName: 'one', status: 'ACTIVE' }]);

  await runSql(other, 'ALTER ROLE keeper LOGIN');
  await installation.query('UPDATE sagas SET retry_at = NULL WHERE tenant_id = $1', [id]);
  await control.resumeSagas();
  expect(await runSql(other, `SELECT datname FROM pg_database WHERE starts_with(datname, 'tenant_')`)).toEqual([]);
  expect((await control.examine()).filter(({ tenantId }) => tenantId === id)).toEqual([]);
});
