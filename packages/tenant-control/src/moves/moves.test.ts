import { randomUUID } from 'node:crypto';
import { ConflictError, silentLogger } from '@tenantry/service';
import { escapeIdentifier } from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from 'vitest';
import { MoveOpenError, MoveRefusedError, NoOpenMoveError, TenantChangeError, UnknownClusterError } from '../errors.ts';
import { housekeepingTasks } from '../jobs/housekeeping-tasks.ts';
import { defaultJobsConfig } from '../jobs/jobs-config.ts';
import { databaseUrl } from '../postgres/connection.ts';
import type { FaultPoint } from '../sagas/saga.ts';
import { namesOf } from '../tenant-databases/owned-database.ts';
import { operator, runSql } from '../testing/installation.ts';
import { replicationName } from './replication/names.ts';
import { openTwoClusters, type TwoClusters } from './testing/two-clusters.ts';

const premium = inject('postgresUrl');
let servers: TwoClusters;
/** What happens at a place in a move. */
let interfere: ((point: FaultPoint) => Promise<void>) | null = null;

beforeAll(async () => {
  servers = await openTwoClusters(premium, {
    hasAlias: true,
    moves: { checksumMs: -1 },
    reachFaultPoint: async (point) => await interfere?.(point),
  });
});
afterEach(() => void (interfere = null));
afterAll(async () => await servers?.[Symbol.asyncDispose]());

const at = (step: string, when: FaultPoint['at'], work: (tenantId: string) => Promise<unknown>) => {
  interfere = async ({ saga, tenantId, ...point }) => {
    if (saga === 'MOVE' && point.step === step && point.at === when && point.direction === 'run') await work(tenantId);
  };
};

const superuser = async <Row>(cluster: 'standard' | 'premium', sql: string, database = 'postgres') => {
  return await runSql<Row>(databaseUrl(servers.servers[cluster], database), sql);
};

async function failureOf(work: Promise<unknown>): Promise<TenantChangeError> {
  const error: unknown = await work.catch((reason: unknown) => reason);
  if (error instanceof TenantChangeError) return error;
  throw new Error('It should have failed at a step.', { cause: error });
}

async function expectStillOn(cluster: string, id: string): Promise<void> {
  expect(await servers.installation.catalog.findPlacement(id)).toMatchObject({ cluster, status: 'ACTIVE' });
  expect(await servers.query(id, 'SELECT count(*)::int AS users FROM users')).toEqual([{ users: 10 }]);
  expect(await servers.remains(id)).toEqual([]);
}

describe('a tenant that is moved', () => {
  test('by replication takes along how it signs in, what its sessions begin with, and its tier', async () => {
    const { control, catalog } = servers.installation;
    const id = await servers.provision();
    await control.rotateCredentials(id, operator, { atOnce: true });
    const { databaseName: name } = namesOf(id);
    await superuser('standard', `ALTER ROLE ${name}_v2 SET work_mem = '7MB'; ALTER DATABASE ${name} SET search_path = public, extra`);
    const before = await catalog.findPlacement(id);

    const moved = await control.moveTenant(id, { cluster: 'premium', tier: 'PREMIUM' }, operator);
    expect(moved).toMatchObject({ clusterName: 'premium', tier: 'PREMIUM', status: 'ACTIVE' });
    expect(await catalog.findPlacement(id)).toMatchObject({ role: `${name}_v2`, credentialVersion: (before?.credentialVersion ?? 0) + 1 });
    expect(
      await servers.query(id, `SELECT current_user AS acts, current_setting('work_mem') AS memory, current_setting('search_path') AS path`),
    ).toEqual([{ acts: name, memory: '7MB', path: 'public, extra' }]);
    expect(await servers.report(id)).toMatchObject({ way: 'REPLICATION', verifiedBy: 'COUNTS', rows: 11, isOpen: true });
    expect(await superuser('standard', `SELECT datallowconn AS open FROM pg_database WHERE datname = '${name}'`)).toEqual([
      { open: false },
    ]);

    await control.confirmMove(id, operator);
    expect(await servers.remains(id)).toEqual([]);
    expect(await servers.report(id)).toMatchObject({ deed: 'CONFIRM', way: null, isOpen: false });
    const audit = await servers.installation.query(
      `SELECT action, outcome::text FROM audit_log WHERE tenant_id = $1 AND action LIKE '%move%' ORDER BY at`,
      [id],
    );
    expect(audit).toEqual([
      { action: 'tenant.move', outcome: 'ALLOWED' },
      { action: 'tenant.confirm-move', outcome: 'ALLOWED' },
    ]);
  });

  test('is brought back with what was written and changed since, and told of by the doctor until then', async () => {
    const { control, catalog } = servers.installation;
    const id = await servers.provision();
    await control.moveTenant(id, { cluster: 'premium', tier: 'PREMIUM', way: 'dump' }, operator);
    expect(await servers.report(id)).toMatchObject({ way: 'DUMP', reason: 'it was asked for', verifiedBy: 'CHECKSUMS', rows: 11 });
    await expect(control.moveTenant(id, { cluster: 'standard' }, operator)).rejects.toThrow(MoveOpenError);
    const told = (await control.examine()).filter(({ tenantId }) => tenantId === id);
    expect(told).toMatchObject([{ kind: 'open-move', severity: 'info', cluster: 'standard' }]);

    await control.rotateCredentials(id, operator, { atOnce: true });
    await servers.query(id, `UPDATE users SET name = 'Somebody'`);
    expect(await control.revertMove(id, operator)).toMatchObject({ clusterName: 'standard', tier: 'STANDARD', status: 'ACTIVE' });
    expect(await servers.query(id, 'SELECT DISTINCT name FROM users')).toEqual([{ name: 'Somebody' }]);
    expect(await catalog.findPlacement(id)).toMatchObject({ role: `${namesOf(id).roleName}_v3` });
    expect(await servers.report(id)).toMatchObject({ deed: 'REVERT', from: 'premium', to: 'standard', isOpen: false });
    await expectStillOn('standard', id);
    await expect(control.revertMove(id, operator)).rejects.toThrow(NoOpenMoveError);
    await expect(control.confirmMove(id, operator)).rejects.toThrow(NoOpenMoveError);
  });

  test('by replication has in its materialized views what its tables have', async () => {
    const { control } = servers.installation;
    const id = await servers.provision();
    const { databaseName, roleName } = namesOf(id);
    const view = 'CREATE MATERIALIZED VIEW people AS SELECT count(*)::int AS users FROM users';
    at('database', 'after', async () => {
      await servers.query(id, view);
      await superuser('premium', `SET ROLE ${roleName}; ${view}`, databaseName);
      at('rehearsal', 'after', async () => await servers.query(id, `DELETE FROM users WHERE email = '1@acme.example'`));
    });
    await control.moveTenant(id, { cluster: 'premium', confirm: true }, operator);
    expect((await servers.report(id)).way).toBe('REPLICATION');
    expect(await servers.query(id, 'SELECT users FROM people')).toEqual([{ users: 9 }]);
  });

  test('is moved once, however many ask for it, and confirmed when it could be reverted for long enough', async () => {
    const { control } = servers.installation;
    const id = await servers.provision();
    const input = { cluster: 'premium', way: 'dump' } as const;
    const first = control.moveTenant(id, input, operator);
    const begun = async () => await servers.installation.query(`SELECT FROM sagas WHERE tenant_id = $1 AND kind = 'MOVE'`, [id]);
    await expect.poll(begun).toHaveLength(1);
    const waited = await control.moveTenant(id, input, operator, { waitMs: 0 });
    expect(['ACTIVE', 'MIGRATING']).toContain(waited.status);
    const both = await Promise.all([first, control.moveTenant(id, input, operator)]);
    expect(both).toMatchObject([{ clusterName: 'premium' }, { clusterName: 'premium' }]);
    const scheduled = housekeepingTasks(control, defaultJobsConfig).find(({ name }) => name === 'confirm-moves');
    const job = { actor: operator, signal: new AbortController().signal, logger: silentLogger };
    expect(await scheduled?.run(job)).toEqual({ confirmed: 0 });
    await servers.installation.query(`UPDATE sagas SET finished_at = now() - interval '8 days' WHERE tenant_id = $1 AND kind = 'MOVE'`, [
      id,
    ]);
    expect(await scheduled?.run({ ...job, signal: AbortSignal.abort() })).toEqual({ confirmed: 0 });
    expect(await scheduled?.run(job)).toEqual({ confirmed: 1 });
    await expectStillOn('premium', id);
  });

  test('leaves nothing on any cluster when it is deleted and purged before the move was confirmed', async () => {
    const { control, catalog } = servers.installation;
    const id = await servers.provision();
    await control.moveTenant(id, { cluster: 'premium', way: 'dump' }, operator);
    await control.deleteTenant(id, operator, { graceDays: 0 });
    expect(await control.confirmMovesDue({ days: 0, limit: 5 }, operator)).toEqual([]);
    await control.purgeTenant(id, operator);
    expect(await catalog.findTenants([id])).toMatchObject([{ status: 'DELETED' }]);
    expect((await servers.remains(id)).filter((found) => !found.startsWith('premium'))).toEqual([]);
    expect((await control.examine()).filter(({ tenantId }) => tenantId === id)).toEqual([]);
  });
});

describe('a tenant stays where it is', () => {
  test('when what is asked for makes no sense, and that is on record', async () => {
    const { control, catalog } = servers.installation;
    const id = await servers.provision();
    const move = async (cluster: string) => await control.moveTenant(id, { cluster }, operator);
    await expect(move('moon')).rejects.toThrow(UnknownClusterError);
    await expect(move('standard')).rejects.toThrow(/it is there already; to change its tier there, use changeTier/);
    await expect(control.confirmMove(id, operator)).rejects.toThrow(NoOpenMoveError);
    await expect(move('again')).rejects.toThrow(/"standard" and "again" are the same server/);
    expect((await control.examine()).filter(({ tenantId }) => tenantId === id)).toEqual([]);
    await control.suspendTenant(id, operator);
    await expect(move('premium')).rejects.toThrow(/it is SUSPENDED; resume it first/);
    await control.resumeTenant(id, operator);
    const denied = await catalog.listAudit({ limit: 10, filter: { tenantId: id, outcome: 'DENIED' } });
    expect(denied.map(({ action }) => action).toSorted()).toEqual(['tenant.confirm-move', 'tenant.move', 'tenant.move', 'tenant.move']);
    await expectStillOn('standard', id);
  });

  test.each([
    [
      'prepared transactions',
      async (id: string) => await servers.query(id, `BEGIN; UPDATE users SET name = 'Later'; PREPARE TRANSACTION '${id}'`),
      /1 prepared transactions/,
    ],
    ['large objects', async (id: string) => await servers.query(id, 'SELECT lo_create(0)'), /1 large objects/],
    [
      'somebody’s database by its name on the target',
      async (id: string) => await superuser('premium', `CREATE DATABASE ${namesOf(id).databaseName}`),
      /there is a database .* already/,
    ],
  ])('when there are %s', async (_what, obstruct, message) => {
    const { control } = servers.installation;
    const id = await servers.provision();
    await obstruct(id);
    const failure = control.moveTenant(id, { cluster: 'premium' }, operator);
    await expect(failure).rejects.toThrow(MoveRefusedError);
    await expect(failure).rejects.toThrow(message);
    expect(await servers.installation.query(`SELECT FROM sagas WHERE kind = 'MOVE' AND tenant_id = $1`, [id])).toEqual([]);
    await superuser('premium', `DROP DATABASE IF EXISTS ${namesOf(id).databaseName}`);
    const prepared = await superuser<{ gid: string }>('standard', 'SELECT gid FROM pg_prepared_xacts');
    for (const { gid } of prepared) await servers.query(id, `ROLLBACK PREPARED '${gid}'`);
  });

  test('when it has what no migration makes, which would be lost', async () => {
    const id = await servers.provision();
    await servers.query(id, 'CREATE INDEX by_hand ON users (lower(name))');
    const failure = await failureOf(servers.installation.control.moveTenant(id, { cluster: 'premium' }, operator));
    expect(failure).toMatchObject({ step: 'database' });
    expect(failure.cause).toMatchObject({ message: expect.stringMatching(/only the old one has the index CREATE INDEX by_hand/) });
    await servers.query(id, 'DROP INDEX by_hand');
    await expectStillOn('standard', id);
  });

  test('when a transaction was prepared while it was copied, whose end would find nothing', async () => {
    const id = await servers.provision();
    const prepare = `BEGIN; UPDATE users SET name = 'Later'; PREPARE TRANSACTION '${id}'`;
    at('pause', 'before', async () => await servers.query(id, prepare));
    const failure = await failureOf(servers.installation.control.moveTenant(id, { cluster: 'premium', way: 'dump' }, operator));
    expect(failure).toMatchObject({ step: 'verification', cause: { message: expect.stringContaining('1 prepared transactions') } });
    await servers.query(id, `COMMIT PREPARED '${id}'`);
    expect(await servers.query(id, 'SELECT DISTINCT name FROM users')).toEqual([{ name: 'Later' }]);
    await expectStillOn('standard', id);
  });

  test('when its copy is not like it', async () => {
    const id = await servers.provision();
    const { databaseName } = namesOf(id);
    at('transfer', 'after', async () => await superuser('premium', `DELETE FROM users WHERE email = '1@acme.example'`, databaseName));
    const failure = await failureOf(servers.installation.control.moveTenant(id, { cluster: 'premium' }, operator));
    expect(failure).toMatchObject({ step: 'verification' });
    expect(failure.cause).toMatchObject({ message: expect.stringMatching(/the table public\.users has 9 rows, not 10/) });
    await expectStillOn('standard', id);
  });

  test('and suspended, when it is suspended while it is copied', async () => {
    const { control, catalog } = servers.installation;
    const id = await servers.provision();
    at('pause', 'before', async () => await control.suspendTenant(id, operator));
    expect(await failureOf(control.moveTenant(id, { cluster: 'premium' }, operator))).toMatchObject({ step: 'pause' });
    expect(await catalog.findPlacement(id)).toMatchObject({ cluster: 'standard', status: 'SUSPENDED' });
    await control.resumeTenant(id, operator);
    await expectStillOn('standard', id);
  });
});

/** Makes a replication slot, where it may. */
const abuse = (slot: string) => `
  CREATE FUNCTION public.abuse() RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN
    PERFORM pg_create_physical_replication_slot('${slot}');
    RETURN NULL;
  EXCEPTION WHEN OTHERS THEN RETURN NULL; END $$`;

describe('what a tenant has put into its own database is run with no rights but the tenant’s', () => {
  test.each([
    ['the list of its migrations', 'database', 'CREATE INDEX trap ON _prisma_migrations ((id || abuse()))'],
    [
      'a table that is copied',
      'subscription',
      'ALTER TABLE users ENABLE ROW LEVEL SECURITY; CREATE POLICY trap ON users USING (abuse() IS NULL)',
    ],
  ])('by %s', async (_what, step, trap) => {
    const id = await servers.provision();
    const slot = `abuse_${namesOf(id).databaseName}`;
    at(step, 'before', async () => await servers.query(id, `${abuse(slot)}; ${trap}`));
    await failureOf(servers.installation.control.moveTenant(id, { cluster: 'premium' }, operator));
    expect(
      await superuser('standard', `SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = '${slot}'`),
    ).toEqual([]);
  });
});

describe('where replication is not possible', () => {
  test('a tenant is copied, and nothing of the attempt is left', async () => {
    const id = await servers.provision();
    at('subscription', 'during', async () => {
      const roles = await superuser<{ name: string }>(
        'standard',
        `SELECT rolname AS name FROM pg_roles WHERE starts_with(rolname, 'tenantry_move_')`,
      );
      for (const { name } of roles) await superuser('standard', `ALTER ROLE ${escapeIdentifier(name)} NOLOGIN`);
    });
    await servers.installation.control.moveTenant(id, { cluster: 'premium', confirm: true }, operator);
    const { way, reason, verifiedBy } = await servers.report(id);
    expect([way, verifiedBy]).toEqual(['DUMP', 'CHECKSUMS']);
    expect(reason).toMatch(/^the server of "premium" could not read from that of "standard": .*not permitted to log in/);
    await expectStillOn('premium', id);
  });

  test('one that has to be replicated is refused, with the reason', async () => {
    const { control } = servers.installation;
    const id = await servers.provision();
    await control.moveTenant(id, { cluster: 'premium', way: 'dump', confirm: true }, operator);
    const failure = control.moveTenant(id, { cluster: 'standard', way: 'replication' }, operator);
    await expect(failure).rejects.toThrow(ConflictError);
    await expect(failure).rejects.toThrow(/the server of "premium" has wal_level = replica, not logical/);
    await control.moveTenant(id, { cluster: 'standard', confirm: true }, operator);
    expect(await servers.report(id)).toMatchObject({ way: 'DUMP', reason: 'the server of "premium" has wal_level = replica, not logical' });
    await expectStillOn('standard', id);
  });
});

test('what a move has left is found by the doctor, and dropped if it is a move’s that has ended', async () => {
  const { installation } = servers;
  const id = await servers.provision();
  const { databaseName } = namesOf(id);
  const saga = randomUUID();
  await installation.query(
    `INSERT INTO sagas (id, kind, tenant_id, state, input, issuer, subject, request_id)
     VALUES ($1, 'MOVE', $2, 'UNDONE', '{"from": "standard"}', 'test', 'test', 'test')`,
    [saga, id],
  );
  const name = replicationName(saga);
  await superuser('standard', `SELECT pg_create_logical_replication_slot('${name}', 'pgoutput')`, databaseName);
  await superuser('standard', `CREATE PUBLICATION ${name} FOR ALL TABLES`, databaseName);
  await superuser('standard', `CREATE ROLE ${name}`);
  await superuser('premium', `CREATE DATABASE ${databaseName}`);
  const find = async (fix: boolean) => {
    const found = (await installation.control.examine({ fix })).filter(({ tenantId }) => tenantId === id);
    return found.map(({ kind, outcome, cluster }) => `${cluster} ${kind} ${outcome}`).toSorted();
  };
  expect(await find(true)).toEqual([
    'premium second-database found',
    'standard move-leftover fixed',
    'standard move-leftover fixed',
    'standard move-leftover fixed',
  ]);
  await superuser('premium', `DROP DATABASE ${databaseName}`);
  expect(await find(false)).toEqual([]);
  await installation.query('DELETE FROM sagas WHERE id = $1', [saga]);
});
