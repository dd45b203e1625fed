import { silentLogger } from '@tenantry/service';
import { escapeIdentifier } from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { housekeepingTasks } from '../../jobs/housekeeping-tasks.ts';
import { defaultJobsConfig } from '../../jobs/jobs-config.ts';
import type { Tenant } from '../../tenant.ts';
import { openInstallation, operator, runSql, uniqueName, type Installation } from '../../testing/installation.ts';

const server = inject('postgresUrl');
let installation: Installation;
let tenant: Tenant;
/** Whose jobs and backups were removed. */
const removed = { jobs: [] as string[], backups: [] as string[] };
/** Set by a test: fails the removal of backups. */
let failure: Error | null = null;

beforeAll(async () => {
  installation = await openInstallation({
    serverUrl: server,
    removeJobs: async (id) => void removed.jobs.push(id),
    backups: {
      backUp: async () => {},
      restoreHibernated: async () => {},
      removeBackups: async (id) => {
        if (failure) throw failure;
        removed.backups.push(id);
      },
    },
  });
});
afterAll(async () => await installation?.[Symbol.asyncDispose]());
beforeEach(async () => {
  failure = null;
  const slug = uniqueName('t').replace('_', '-');
  tenant = await installation.control.provisionTenant({ slug, name: 'Acme' }, { actor: operator, idempotencyKey: slug });
});

const nameOf = ({ id }: Tenant) => `tenant_${id.replaceAll('-', '')}`;

/** What is left of the tenant on the server. */
async function remains(): Promise<string[]> {
  const rows = await runSql<{ name: string }>(
    server,
    `SELECT 'database ' || datname AS name FROM pg_database WHERE datname = $1
     UNION ALL SELECT 'role ' || rolname FROM pg_roles WHERE rolname = $1`,
    [nameOf(tenant)],
  );
  return rows.map(({ name }) => name);
}

const idsOf = (tenants: Tenant[]) => tenants.map(({ id }) => id);
const remove = async (graceDays: number) => await installation.control.deleteTenant(tenant.id, operator, { graceDays });

test('of a tenant that is purged a tombstone is left, and nothing else', async () => {
  await remove(0);
  const purged = await installation.control.purgeTenant(tenant.id, operator);
  const tombstone = { ...tenant, status: 'DELETED', slug: `deleted-${tenant.id.replaceAll('-', '')}`, name: '' };
  expect(purged).toEqual(tombstone);
  expect(await remains()).toEqual([]);
  const [row] = await installation.query('SELECT sealed_password, purge_after, deleted_at FROM tenants WHERE id = $1', [tenant.id]);
  expect(row).toEqual({ sealed_password: '', purge_after: null, deleted_at: expect.any(Date) });
  expect(await installation.query('SELECT FROM idempotency_keys WHERE tenant_id = $1', [tenant.id])).toEqual([]);
  expect(removed).toEqual({ jobs: [tenant.id], backups: [tenant.id] });
  const actions = await installation.query('SELECT action, detail FROM audit_log WHERE tenant_id = $1 ORDER BY at, id OFFSET 2', [
    tenant.id,
  ]);
  expect(actions).toEqual([{ action: 'tenant.purge', detail: { from: 'DELETING', early: false } }]);

  const again = await installation.control.provisionTenant(
    { slug: tenant.slug, name: 'Acme' },
    { actor: operator, idempotencyKey: tenant.slug },
  );
  expect(again.id).not.toBe(tenant.id);
  expect(await installation.control.purgeTenant(tenant.id, operator)).toEqual(tombstone);
});

test('a tombstone is listed only for those who ask for it', async () => {
  await remove(0);
  await installation.control.purgeTenant(tenant.id, operator);
  expect(idsOf(await installation.catalog.listTenants({ limit: 1000 }))).not.toContain(tenant.id);
  expect(idsOf(await installation.catalog.listTenants({ limit: 1000, filter: { status: 'DELETED' } }))).toContain(tenant.id);
});

test('who is connected is cut off', async () => {
  await remove(0);
  const url = new URL(server);
  url.pathname = nameOf(tenant);
  const sleeping = runSql(url.href, 'SELECT pg_sleep(60)').catch((error: unknown) => error);
  await expect
    .poll(async () => await runSql(server, `SELECT FROM pg_stat_activity WHERE datname = $1 AND query LIKE '%pg_sleep%'`, [nameOf(tenant)]))
    .toHaveLength(1);
  await installation.control.purgeTenant(tenant.id, operator);
  expect(await sleeping).toMatchObject({ code: '57P01' });
});

describe('within the grace', () => {
  test('a tenant is purged only by who gives that up', async () => {
    const { purgeAfter } = await remove(3);
    await expect(installation.control.purgeTenant(tenant.id, operator)).rejects.toMatchObject({
      name: 'PurgeTooEarlyError',
      message: expect.stringContaining(`until ${purgeAfter?.toISOString()}`),
    });
    expect(await remains()).toHaveLength(2);
    expect(await installation.control.purgeTenant(tenant.id, operator, { early: true })).toMatchObject({ status: 'DELETED' });
    expect(await remains()).toEqual([]);
  });

  test('a sweep leaves it alone, and takes those that are due', async () => {
    await remove(3);
    const due = await installation.control.provisionTenant({ slug: uniqueName('t').replace('_', '-'), name: 'Due' }, { actor: operator });
    await installation.control.deleteTenant(due.id, operator, { graceDays: 0 });
    const scheduled = housekeepingTasks(installation.control, defaultJobsConfig).find(({ name }) => name === 'purge-due');
    const stopped = { actor: operator, signal: AbortSignal.abort(), logger: silentLogger };
    expect(await scheduled?.run(stopped)).toEqual({ purged: 0 });
    expect(await installation.control.purgeDue({ limit: 10 }, operator)).toEqual([due.id]);
    expect(await installation.control.purgeDue({ limit: 10 }, operator)).toEqual([]);
    expect(await remains()).toHaveLength(2);
  });
});

test('a tenant that is not deleted is not purged', async () => {
  await expect(installation.control.purgeTenant(tenant.id, operator, { early: true })).rejects.toMatchObject({
    name: 'IllegalTransitionError',
    message: expect.stringContaining('is ACTIVE; only DELETING can become DELETED'),
  });
  expect(await remains()).toHaveLength(2);
});

test('what fails is tried again until it succeeds: by itself, and at once for who asks again', async () => {
  await remove(0);
  failure = new Error('the store is down');
  const unfinished = {
    name: 'TenantChangeError',
    step: 'backups',
    code: 'TENANT_UNAVAILABLE',
    message: expect.stringContaining('tried again until'),
  };
  await expect(installation.control.purgeTenant(tenant.id, operator)).rejects.toMatchObject(unfinished);
  expect(await remains()).toEqual([]);
  expect(await installation.catalog.findTenants([tenant.id])).toMatchObject([{ status: 'DELETING', slug: tenant.slug }]);
  expect(await installation.control.resumeSagas()).toBe(0);
  await expect(installation.control.purgeTenant(tenant.id, operator)).rejects.toMatchObject(unfinished);
  failure = null;
  expect(await installation.control.purgeTenant(tenant.id, operator)).toMatchObject({ status: 'DELETED' });
  const [run] = await installation.catalog.findLatestRuns([tenant.id], 1);
  expect(run).toMatchObject({ kind: 'PURGE', state: 'DONE', error: 'the store is down' });
  expect(run?.steps.map(({ name, state, attempts }) => [name, state, attempts])).toEqual([
    ['close', 'DONE', 1],
    ['replication', 'DONE', 1],
    ['database', 'DONE', 1],
    ['roles', 'DONE', 1],
    ['remains', 'DONE', 1],
    ['jobs', 'DONE', 1],
    ['backups', 'DONE', 3],
    ['exports', 'DONE', 1],
    ['records', 'DONE', 1],
    ['tombstone', 'DONE', 1],
  ]);
});

test('many who ask for it at the same time have it done once', async () => {
  await remove(0);
  const purged = await Promise.all(Array.from({ length: 8 }, async () => await installation.control.purgeTenant(tenant.id, operator)));
  expect(new Set(purged.map(({ status }) => status))).toEqual(new Set(['DELETED']));
  expect(await installation.catalog.findLatestRuns([tenant.id], 10)).toHaveLength(2);
});

test('a database that bears another comment is not dropped, and said to be in the way', async () => {
  await remove(0);
  const database = escapeIdentifier(nameOf(tenant));
  await runSql(server, `COMMENT ON DATABASE ${database} IS 'of somebody else'`);
  await expect(installation.control.purgeTenant(tenant.id, operator)).rejects.toMatchObject({
    step: 'close',
    cause: { name: 'ForeignDatabaseError', message: expect.stringContaining('has the comment "of somebody else"') },
  });
  await runSql(server, `COMMENT ON DATABASE ${database} IS NULL`);
  await expect(installation.control.purgeTenant(tenant.id, operator)).rejects.toMatchObject({
    cause: { message: expect.stringContaining(`has no comment, so that it is not known to be of the tenant ${tenant.id}`) },
  });
  expect(await remains()).toHaveLength(2);
  await runSql(server, `COMMENT ON DATABASE ${database} IS 'Tenantry: tenant ${tenant.id}'`);
  await installation.control.purgeTenant(tenant.id, operator);
  expect(await remains()).toEqual([]);
});

test('a role that owns something elsewhere is not dropped before that is gone', async () => {
  await remove(0);
  const elsewhere = uniqueName('elsewhere');
  await runSql(server, `CREATE DATABASE ${elsewhere} OWNER ${escapeIdentifier(nameOf(tenant))}`);
  await expect(installation.control.purgeTenant(tenant.id, operator)).rejects.toMatchObject({
    step: 'roles',
    cause: { message: `The role ${nameOf(tenant)} owns the database ${elsewhere}, and is not dropped before that.` },
  });
  await runSql(server, `DROP DATABASE ${elsewhere}`);
  await installation.control.purgeTenant(tenant.id, operator);
  expect(await remains()).toEqual([]);
});

test('a process without the store does not say of exports that they are gone', async () => {
  const detail = { store: 's3://bucket/', key: `exports/${tenant.id}/one` };
  await installation.catalog.recordAudit({ ...operator, action: 'tenant.export', tenantId: tenant.id, outcome: 'ALLOWED', detail });
  await remove(0);
  const attempt = installation.control.purgeTenant(tenant.id, operator);
  await expect(attempt).rejects.toMatchObject({ step: 'exports', cause: { name: 'BackupsMissingError' } });
  expect(await installation.catalog.findTenants([tenant.id])).toMatchObject([{ status: 'DELETING' }]);
});
