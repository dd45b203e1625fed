import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TenantStatus } from '@tenantry/prisma/control';
import { silentLogger, unseal } from '@tenantry/service';
import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { openFolderStore } from '../../backups/stores/folder-store.ts';
import { databaseUrl } from '../../postgres/connection.ts';
import type { FaultPoint } from '../../sagas/saga.ts';
import { createTenantControl } from '../../tenant-control.ts';
import type { Tenant } from '../../tenant.ts';
import { openInstallation, operator, runSql, uniqueName, type Installation } from '../../testing/installation.ts';

const server = inject('postgresUrl');
let folder: string;
let installation: Installation;
let tenant: Tenant;
/** Set by a test: where a step fails, as `drain run before`. */
let failing: string[] = [];
/** Set by a test: what happens there before. */
let onFault: () => Promise<void> = async () => {};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tenantry-hibernation-'));
  installation = await openInstallation({
    serverUrl: server,
    store: openFolderStore(folder),
    reachFaultPoint: async ({ step, direction, at }: FaultPoint) => {
      if (!failing.includes(`${step} ${direction} ${at}`)) return;
      await onFault();
      throw new Error('on purpose');
    },
  });
});
afterAll(async () => {
  await installation?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});
beforeEach(async () => {
  tenant = await installation.control.provisionTenant({ slug: uniqueName('t').replace('_', '-'), name: 'Acme' }, { actor: operator });
  await asTenant(`UPDATE tenant_settings SET locale = 'de-CH'`);
  installation.published.length = 0;
});
afterEach(() => {
  failing = [];
  onFault = async () => {};
});

const nameOf = ({ id }: Tenant) => `tenant_${id.replaceAll('-', '')}`;

async function urlOfTenant(): Promise<string> {
  const placement = await installation.catalog.findPlacement(tenant.id);
  if (!placement) throw new Error('no such tenant');
  const password = unseal(placement.sealedPassword, tenant.id, installation.keyRing);
  return databaseUrl(server, placement.database, { user: placement.role, password });
}

const asTenant = async (sql: string) => await runSql(await urlOfTenant(), sql);
const locale = async () => await asTenant('SELECT locale FROM tenant_settings');
const hasDatabase = async () => (await runSql(server, 'SELECT FROM pg_database WHERE datname = $1', [nameOf(tenant)])).length === 1;
const row = async () => (await installation.query('SELECT status, hibernation, failed_step FROM tenants WHERE id = $1', [tenant.id]))[0];
const audited = async () =>
  await installation.query('SELECT action, outcome, detail FROM audit_log WHERE tenant_id = $1 ORDER BY at, id OFFSET 1', [tenant.id]);
const findings = async () => (await installation.control.examine()).filter(({ tenantId }) => tenantId === tenant.id);
const runsOf = async (kind: string) => (await installation.catalog.findLatestRuns([tenant.id], 20)).filter((run) => run.kind === kind);
const setStatus = async (status: TenantStatus) =>
  await installation.query(
    `UPDATE tenants SET status = $2::"TenantStatus", failed_step = CASE $2 WHEN 'FAILED' THEN 'drain' END WHERE id = $1`,
    [tenant.id, status],
  );
const idleFor = async (days: number, id: string) =>
  await installation.query('UPDATE tenants SET last_active_at = now() - make_interval(days => $2) WHERE id = $1', [id, days]);

/** Has twelve ask for the same at once. @returns what the tenant was to them after */
const many = async (act: 'hibernateTenant' | 'wakeTenant') =>
  await Promise.all(Array.from({ length: 12 }, async () => (await installation.control[act](tenant.id, operator)).status));

describe('a tenant whose database is closed', () => {
  test('is reached by nobody, and has everything when it wakes', async () => {
    const { control, published } = installation;
    expect(await control.hibernateTenant(tenant.id, operator)).toEqual({ ...tenant, status: 'HIBERNATED' });
    expect(await row()).toEqual({ status: 'HIBERNATED', hibernation: 'CLOSED', failed_step: null });
    await expect(locale()).rejects.toMatchObject({ code: '55000' });
    await expect(runSql(databaseUrl(server, nameOf(tenant)), 'SELECT 1')).rejects.toMatchObject({ code: '55000' });
    expect(published).toEqual([tenant.id]);

    expect(await control.wakeTenant(tenant.id, operator)).toEqual({ ...tenant, lastActiveAt: expect.any(Date) });
    expect(await row()).toEqual({ status: 'ACTIVE', hibernation: null, failed_step: null });
    expect(await locale()).toEqual([{ locale: 'de-CH' }]);
    expect(await audited()).toEqual([
      { action: 'tenant.hibernate', outcome: 'ALLOWED', detail: { from: 'ACTIVE', hibernation: 'CLOSED' } },
      { action: 'tenant.wake', outcome: 'ALLOWED', detail: { from: 'HIBERNATED' } },
    ]);
  });

  test('had its work in flight end first, and its idle sessions cut off', async () => {
    const busy = new Client({ connectionString: await urlOfTenant() });
    const idle = new Client({ connectionString: await urlOfTenant() });
    const lost = Promise.withResolvers<Error>();
    idle.on('error', lost.resolve);
    busy.on('error', () => {});
    await Promise.all([busy.connect(), idle.connect()]);
    await busy.query(`BEGIN; UPDATE tenant_settings SET locale = 'fr-CH'`);
    const hibernating = installation.control.hibernateTenant(tenant.id, operator);
    await expect.poll(row).toMatchObject({ status: 'HIBERNATED' });
    await busy.query('COMMIT');
    await hibernating;
    expect(await lost.promise).toMatchObject({ code: '57P01' });
    await Promise.all([busy.end(), idle.end()]);
    await installation.control.wakeTenant(tenant.id, operator);
    expect(await locale()).toEqual([{ locale: 'fr-CH' }]);
  });

  test('stays as it is when it is put to sleep again, also by another way, and so does one that is woken again', async () => {
    const { control, published } = installation;
    await control.hibernateTenant(tenant.id, operator);
    expect(await control.hibernateTenant(tenant.id, operator, { keep: 'dropped' })).toMatchObject({ status: 'HIBERNATED' });
    expect(await hasDatabase()).toBe(true);
    await control.wakeTenant(tenant.id, operator);
    published.length = 0;
    expect(await control.wakeTenant(tenant.id, operator)).toMatchObject({ status: 'ACTIVE' });
    expect(published).toEqual([tenant.id]);
    expect(await runsOf('HIBERNATE')).toHaveLength(1);
    expect(await runsOf('WAKE')).toHaveLength(1);
  });

  test('is put to sleep once and woken once, however many ask for it at the same time', async () => {
    expect(new Set(await many('hibernateTenant'))).toEqual(new Set(['HIBERNATED']));
    expect(new Set(await many('wakeTenant'))).toEqual(new Set(['ACTIVE']));
    expect(await runsOf('HIBERNATE')).toHaveLength(1);
    expect(await runsOf('WAKE')).toHaveLength(1);
    expect(await audited()).toHaveLength(2);
  });

  test('is given the newest schema when it wakes, if the others got it while it slept', async () => {
    await installation.query(`UPDATE tenants SET schema_version = '20200101000000_before' WHERE id = $1`, [tenant.id]);
    await installation.control.hibernateTenant(tenant.id, operator);
    expect(await installation.control.wakeTenant(tenant.id, operator)).toMatchObject({ schemaVersion: tenant.schemaVersion });
    expect(await locale()).toEqual([{ locale: 'de-CH' }]);
  });
});

describe('a tenant whose database is dropped', () => {
  test('has everything when it wakes, to the letter, and nobody else is let in', async () => {
    const { control } = installation;
    await asTenant(`INSERT INTO users (id, email, name, role, status, updated_at)
      SELECT gen_random_uuid(), n || '@acme.example', 'Nobody', 'MEMBER', 'INVITED', now() FROM generate_series(1, 100) n`);
    const content = async () => await asTenant('SELECT md5(string_agg(users::text, $$ $$ ORDER BY id)) AS users FROM users');
    const before = await content();
    expect(await control.hibernateTenant(tenant.id, operator, { keep: 'dropped' })).toMatchObject({ status: 'HIBERNATED' });
    expect(await row()).toMatchObject({ hibernation: 'DROPPED' });
    expect(await hasDatabase()).toBe(false);
    expect(await control.measureUsage([tenant.id])).toEqual([{ databaseBytes: 0, connections: 0 }]);
    await expect(locale()).rejects.toMatchObject({ code: '28000' });

    expect(await control.wakeTenant(tenant.id, operator)).toMatchObject({ status: 'ACTIVE', schemaVersion: tenant.schemaVersion });
    expect(await content()).toEqual(before);
    expect(await locale()).toEqual([{ locale: 'de-CH' }]);
    const [access] = await runSql(
      server,
      `SELECT pg_get_userbyid(datdba) AS owner, has_database_privilege('public', oid, 'CONNECT') AS open,
         shobj_description(oid, 'pg_database') AS comment FROM pg_database WHERE datname = $1`,
      [nameOf(tenant)],
    );
    expect(access).toEqual({ owner: nameOf(tenant), open: false, comment: `Tenantry: tenant ${tenant.id}` });
  });

  test('is not, by a process that makes no backups', async () => {
    await using without = await openInstallation({ serverUrl: server });
    const { id } = await without.control.provisionTenant({ slug: 'acme', name: 'Acme' }, { actor: operator });
    await expect(without.control.hibernateTenant(id, operator, { keep: 'dropped' })).rejects.toMatchObject({
      name: 'BackupsMissingError',
      code: 'CONFLICT',
      message: expect.stringContaining('set BACKUP_STORE'),
    });
    expect(await without.catalog.findTenants([id])).toMatchObject([{ status: 'ACTIVE' }]);
  });

  test('is not woken by a process that has no backups, but by one that has', async () => {
    const { control, catalog, controlDatabaseUrl, keyRing, bus } = installation;
    await control.hibernateTenant(tenant.id, operator, { keep: 'dropped' });
    const clusters = [{ name: 'standard', adminUrl: server }];
    await using without = await createTenantControl({
      catalog,
      controlDatabaseUrl,
      clusters,
      keyRing,
      bus,
      logger: silentLogger,
      keepsHouse: false,
    });
    await expect(without.wakeTenant(tenant.id, operator)).rejects.toMatchObject({ name: 'BackupsMissingError' });
    expect(await catalog.requestWake(tenant.id)).toBe(true);
    await without.resumeSagas();
    expect(await row()).toMatchObject({ status: 'WAKING' });
    await control.resumeSagas();
    expect(await locale()).toEqual([{ locale: 'de-CH' }]);
  });

  test('is served as before when its backup fails', async () => {
    failing = ['backup run before'];
    await expect(installation.control.hibernateTenant(tenant.id, operator, { keep: 'dropped' })).rejects.toMatchObject({
      name: 'TenantChangeError',
      step: 'backup',
      message: expect.stringContaining('failed at the step "backup" and was undone'),
      cause: { message: 'on purpose' },
    });
    expect(await row()).toEqual({ status: 'ACTIVE', hibernation: null, failed_step: null });
    expect(await locale()).toEqual([{ locale: 'de-CH' }]);
    expect(await audited()).toMatchObject([
      { outcome: 'ALLOWED' },
      { action: 'tenant.hibernate', outcome: 'FAILED', detail: { step: 'backup' } },
    ]);
  });

  test.each(['before', 'after'])('is served as before when something fails %s the dropping', async (at) => {
    failing = [`drop run ${at}`];
    await expect(installation.control.hibernateTenant(tenant.id, operator, { keep: 'dropped' })).rejects.toMatchObject({
      step: 'drop',
      message: expect.stringContaining('and was undone'),
    });
    expect(await row()).toEqual({ status: 'ACTIVE', hibernation: null, failed_step: null });
    expect(await locale()).toEqual([{ locale: 'de-CH' }]);
  });

  test('is served as before when its dropping was cut off and cannot be finished', async () => {
    failing = ['drop run before'];
    const hibernating = installation.control.hibernateTenant(tenant.id, operator, { keep: 'dropped' });
    // As Postgres leaves it then.
    onFault = async () => void (await runSql(server, 'UPDATE pg_database SET datconnlimit = -2 WHERE datname = $1', [nameOf(tenant)]));
    await expect(hibernating).rejects.toMatchObject({ step: 'drop' });
    expect(await locale()).toEqual([{ locale: 'de-CH' }]);
  });
});

describe('what fails', () => {
  test.each(['status', 'drain', 'close'])('at the step "%s" of hibernation leaves the tenant as it was', async (step) => {
    failing = [`${step} run after`];
    await expect(installation.control.hibernateTenant(tenant.id, operator)).rejects.toMatchObject({ step });
    expect(await row()).toEqual({ status: 'ACTIVE', hibernation: null, failed_step: null });
    expect(await locale()).toEqual([{ locale: 'de-CH' }]);
  });

  test.each([
    ['closed', 'open'],
    ['closed', 'verification'],
    ['dropped', 'restore'],
    ['dropped', 'let in'],
  ] as const)('of waking a tenant that is %s, at the step "%s", leaves it asleep, and it can be tried again', async (keep, step) => {
    await installation.control.hibernateTenant(tenant.id, operator, { keep });
    failing = [`${step} run after`];
    await expect(installation.control.wakeTenant(tenant.id, operator)).rejects.toMatchObject({ step });
    expect(await row()).toMatchObject({ status: 'HIBERNATED', failed_step: null });
    await expect(locale()).rejects.toMatchObject({ code: keep === 'closed' ? '55000' : '28000' });
    failing = [];
    await installation.control.wakeTenant(tenant.id, operator);
    expect(await locale()).toEqual([{ locale: 'de-CH' }]);
  });

  test('and cannot be undone leaves the tenant FAILED with the step, until it can', async () => {
    failing = ['close run after', 'close undo before'];
    await expect(installation.control.hibernateTenant(tenant.id, operator)).rejects.toThrow('the tenant is FAILED until it is');
    expect(await row()).toMatchObject({ status: 'FAILED', failed_step: 'close' });
    failing = [];
    await installation.query('UPDATE sagas SET retry_at = now() WHERE tenant_id = $1 AND retry_at IS NOT NULL', [tenant.id]);
    expect(await installation.control.resumeSagas()).toBe(1);
    expect(await row()).toEqual({ status: 'ACTIVE', hibernation: null, failed_step: null });
    expect(await locale()).toEqual([{ locale: 'de-CH' }]);
  });

  test('in waking and cannot be undone, too; then the tenant sleeps on', async () => {
    await installation.control.hibernateTenant(tenant.id, operator);
    failing = ['open run after', 'open undo before'];
    await expect(installation.control.wakeTenant(tenant.id, operator)).rejects.toThrow('the tenant is FAILED until it is');
    expect(await row()).toMatchObject({ status: 'FAILED', failed_step: 'open' });
    failing = [];
    await installation.query('UPDATE sagas SET retry_at = now() WHERE tenant_id = $1 AND retry_at IS NOT NULL', [tenant.id]);
    expect(await installation.control.resumeSagas()).toBe(1);
    expect(await row()).toEqual({ status: 'HIBERNATED', hibernation: 'CLOSED', failed_step: null });
  });

  test.each([
    ['waking', 'wakeTenant', ['activation run after'], 'DONE'],
    ['putting to sleep', 'hibernateTenant', ['close run after', 'status undo after'], 'UNDONE'],
  ] as const)(
    'after the tenant is served again, in %s, is gone on with though it was suspended since',
    async (_what, act, points, state) => {
      if (act === 'wakeTenant') await installation.control.hibernateTenant(tenant.id, operator);
      failing = [...points];
      await expect(installation.control[act](tenant.id, operator)).rejects.toMatchObject({ name: 'TenantChangeError' });
      expect(await row()).toMatchObject({ status: 'ACTIVE' });
      failing = [];
      await installation.control.suspendTenant(tenant.id, operator);
      await installation.query('UPDATE sagas SET retry_at = now() WHERE tenant_id = $1 AND retry_at IS NOT NULL', [tenant.id]);
      expect(await installation.control.resumeSagas()).toBe(1);
      expect((await installation.catalog.findLatestRuns([tenant.id], 1))[0]).toMatchObject({ state });
      expect(await row()).toEqual({ status: 'SUSPENDED', hibernation: null, failed_step: null });
    },
  );

  test('and could not be undone is tried again when the tenant was deleted and is restored', async () => {
    failing = ['close run after', 'close undo before'];
    await expect(installation.control.hibernateTenant(tenant.id, operator)).rejects.toThrow('FAILED');
    failing = [];
    await installation.control.deleteTenant(tenant.id, operator);
    expect(await installation.control.resumeSagas()).toBe(0);
    expect(await installation.control.restoreTenant(tenant.id, operator)).toMatchObject({ status: 'FAILED' });
    expect(await installation.control.resumeSagas()).toBe(1);
    expect(await row()).toEqual({ status: 'ACTIVE', hibernation: null, failed_step: null });
    expect(await locale()).toEqual([{ locale: 'de-CH' }]);
  });

  test('and could not be undone can be deleted and purged', async () => {
    failing = ['close run after', 'close undo before'];
    await expect(installation.control.hibernateTenant(tenant.id, operator)).rejects.toThrow('FAILED');
    failing = [];
    await installation.control.deleteTenant(tenant.id, operator, { graceDays: 0 });
    expect(await findings()).toEqual([]);
    expect(await installation.control.purgeTenant(tenant.id, operator)).toMatchObject({ status: 'DELETED' });
    expect(await hasDatabase()).toBe(false);
    expect(await findings()).toEqual([]);
    expect(await installation.control.resumeSagas()).toBe(0);
  });
});

describe.each<TenantStatus>(['PROVISIONING', 'SUSPENDED', 'MIGRATING', 'DELETING', 'DELETED', 'FAILED'])(
  'a tenant that is %s',
  (status) => {
    beforeEach(async () => void (await setStatus(status)));

    test.each(['hibernateTenant', 'wakeTenant'] as const)('is refused to %s, and the refusal is on record', async (act) => {
      await expect(installation.control[act](tenant.id, operator)).rejects.toMatchObject({ name: 'IllegalTransitionError' });
      expect(await audited()).toMatchObject([{ outcome: 'DENIED', detail: { status } }]);
      expect(await row()).toMatchObject({ status });
    });
  },
);

describe('tenants that nobody has asked for in a while', () => {
  test('are put to sleep, those first that are idle for the longest time', async () => {
    const { control, catalog } = installation;
    const other = await control.provisionTenant({ slug: uniqueName('t').replace('_', '-'), name: 'Other' }, { actor: operator });
    await idleFor(40, tenant.id);
    await idleFor(50, other.id);
    expect(await control.hibernateIdle({ idleDays: 30, limit: 1 }, operator)).toEqual([other.id]);
    expect(await control.hibernateIdle({ idleDays: 45, limit: 10 }, operator)).toEqual([]);
    expect(await control.hibernateIdle({ idleDays: 30, limit: 10, keep: 'dropped' }, operator)).toEqual([tenant.id]);
    expect(await row()).toMatchObject({ hibernation: 'DROPPED' });
    await control.wakeTenant(tenant.id, operator);
    expect(await control.hibernateIdle({ idleDays: 30, limit: 10 }, operator)).toEqual([]);
    await catalog.recordActivity([tenant.id, other.id, 'nonsense']);
  });

  test('are left alone where one fails', async () => {
    const other = await installation.control.provisionTenant(
      { slug: uniqueName('t').replace('_', '-'), name: 'Other' },
      { actor: operator },
    );
    await idleFor(50, tenant.id);
    await idleFor(40, other.id);
    await runSql(server, `COMMENT ON DATABASE ${nameOf(tenant)} IS 'of somebody else'`);
    expect(await installation.control.hibernateIdle({ idleDays: 30, limit: 10 }, operator)).toEqual([other.id]);
    expect(await row()).toMatchObject({ status: 'ACTIVE' });
    await installation.catalog.recordActivity([tenant.id]);
  });

  test.each([
    [{ idleDays: 0, limit: 1 }, '`idleDays`'],
    [{ idleDays: 1.5, limit: 1 }, '`idleDays`'],
    [{ idleDays: 36_501, limit: 1 }, '`idleDays`'],
    [{ idleDays: 1, limit: 0 }, '`limit`'],
    [{ idleDays: 1, limit: 10_001 }, '`limit`'],
  ])('%j is refused', async (options, field) => {
    await expect(installation.control.hibernateIdle(options, operator)).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      message: expect.stringContaining(field),
    });
  });
});
