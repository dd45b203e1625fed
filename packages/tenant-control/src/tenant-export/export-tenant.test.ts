import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { escapeIdentifier } from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { openFolderStore } from '../backups/stores/folder-store.ts';
import type { BackupStore } from '../backups/stores/backup-store.ts';
import { databaseUrl } from '../postgres/connection.ts';
import { namesOf } from '../tenant-databases/owned-database.ts';
import type { Tenant } from '../tenant.ts';
import { listStoredExports } from './stored-exports.ts';
import { openInstallation, operator, runSql, uniqueName, type Installation } from '../testing/installation.ts';

const server = inject('postgresUrl');
const cleanup = new AsyncDisposableStack();
let folder: string;
let store: BackupStore;
let installation: Installation;
let tenant: Tenant;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tenantry-exports-'));
  cleanup.defer(async () => await rm(folder, { recursive: true }));
  store = openFolderStore(join(folder, 'store'));
  installation = cleanup.use(await openInstallation({ serverUrl: server, store }));
});
afterAll(async () => await cleanup.disposeAsync());
beforeEach(async () => {
  const slug = uniqueName('t').replace('_', '-');
  const input = { slug, name: 'Acme', firstOwner: { email: 'ada@acme.example', name: 'Ada' } };
  tenant = await installation.control.provisionTenant(input, { actor: operator });
});

const audit = async () =>
  await installation.query(
    `SELECT action, outcome, detail FROM audit_log WHERE tenant_id = $1 AND action IN ('tenant.export', 'export.remove') ORDER BY at, id`,
    [tenant.id],
  );

async function inDatabase(sql: string): Promise<void> {
  await runSql(databaseUrl(server, namesOf(tenant.id).databaseName), sql);
}

describe('an export', () => {
  test('has every model by the names of the schema, is on record, and is listed until it is removed', async () => {
    const { control } = installation;
    const done: number[] = [];
    const { key, manifest, checksum } = await control.exportTenant(tenant.id.toUpperCase(), operator, {
      onProgress: ({ tables }) => void done.push(tables.done),
    });
    expect(key).toMatch(new RegExp(`^exports/${tenant.id}/\\d{8}T\\d{9}Z-[0-9a-f]{8}$`));
    expect(manifest.models.map(({ model }) => model)).toEqual(expect.arrayContaining(['User', 'Invitation', 'TenantSettings']));
    const users = await readFile(join(folder, 'store', key, 'User.ndjson'), 'utf8');
    expect(JSON.parse(users)).toMatchObject({ email: 'ada@acme.example', name: 'Ada', role: 'OWNER', createdAt: expect.any(String) });
    expect(done.at(-1)).toBe(manifest.models.length);
    expect(checksum).toMatch(/^[0-9a-f]{64}$/);

    const second = await control.exportTenant(tenant.id, operator);
    expect(second.manifest.models).toEqual(manifest.models);
    const listed = { tenantId: tenant.id, store: store.name, files: manifest.models.length + 1, bytes: expect.any(Number) };
    expect(await control.findExports(tenant.id)).toEqual([
      { ...listed, key: second.key, finishedAt: expect.any(Date) },
      { ...listed, key, finishedAt: expect.any(Date) },
    ]);
    await control.removeExport(tenant.id, key, operator);
    expect((await control.findExports(tenant.id)).map((each) => each.key)).toEqual([second.key]);
    await expect(control.removeExport(tenant.id, key, operator)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(await audit()).toEqual([
      { action: 'tenant.export', outcome: 'ALLOWED', detail: { store: store.name, key } },
      { action: 'tenant.export', outcome: 'ALLOWED', detail: { store: store.name, key: second.key } },
      { action: 'export.remove', outcome: 'ALLOWED', detail: { store: store.name, key } },
    ]);
  });

  test('goes where it is wanted, of which the audit log tells no more than that', async () => {
    const outside = openFolderStore(join(folder, `of-${tenant.slug}`));
    const { key } = await installation.control.exportTenant(tenant.id, operator, { store: outside, key: 'all' });
    expect(key).toBe('all');
    expect(JSON.parse(await readFile(join(folder, `of-${tenant.slug}`, 'all', 'manifest.json'), 'utf8'))).toMatchObject({
      manifest: { tenantId: tenant.id },
    });
    expect(await installation.control.findExports(tenant.id)).toEqual([]);
    expect(await audit()).toEqual([{ action: 'tenant.export', outcome: 'ALLOWED', detail: { kept: false } }]);
    await expect(installation.control.exportTenant(tenant.id, operator, { key: 'tenants/another' })).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
    });
  });

  test('is read with no more rights than the tenant’s own, whatever code the database holds', async () => {
    const owner = escapeIdentifier(namesOf(tenant.id).roleName);
    await inDatabase(`
      SET ROLE ${owner};
      CREATE TYPE trap AS ENUM ('spring');
      CREATE FUNCTION reader(trap) RETURNS json LANGUAGE sql AS
        'SELECT json_build_object(''mayBeAdministrator'', pg_has_role(session_user, (SELECT oid FROM pg_roles WHERE rolsuper LIMIT 1), ''MEMBER''))';
      CREATE CAST (trap AS json) WITH FUNCTION reader(trap);
      CREATE TABLE traps AS SELECT 'spring'::trap AS trap`);
    const { key } = await installation.control.exportTenant(tenant.id, operator);
    const sprung = await readFile(join(folder, 'store', key, 'public.traps.ndjson'), 'utf8');
    expect(JSON.parse(sprung)).toEqual({ trap: { mayBeAdministrator: false } });
  });

  test('that fails leaves nothing, and is on record', async () => {
    await inDatabase('CREATE SEQUENCE unreadable; CREATE TABLE unreadable_too (value int)');
    await expect(installation.control.exportTenant(tenant.id, operator)).rejects.toMatchObject({ code: '42501' });
    expect(await listStoredExports(store, tenant.id)).toEqual([]);
    expect(await audit()).toMatchObject([{ outcome: 'ALLOWED' }, { outcome: 'FAILED' }]);
  });

  test('of a tenant that is purged meanwhile is not kept', async () => {
    const { control } = installation;
    await control.deleteTenant(tenant.id, operator, { graceDays: 0 });
    let purge: Promise<unknown> | undefined;
    const attempt = control.exportTenant(tenant.id, operator, {
      onProgress: ({ tables }) => {
        if (tables.done === tables.total) purge ??= control.purgeTenant(tenant.id, operator);
      },
    });
    await expect(attempt).rejects.toMatchObject({ message: expect.any(String) });
    await purge;
    expect(await listStoredExports(store, tenant.id)).toEqual([]);
  });
});

describe('a tenant', () => {
  test.each([
    ['SUSPENDED', async () => await installation.control.suspendTenant(tenant.id, operator)],
    ['DELETING', async () => await installation.control.deleteTenant(tenant.id, operator)],
  ])('that is %s has its data exported', async (status, bring) => {
    expect(await bring()).toMatchObject({ status });
    expect((await installation.control.exportTenant(tenant.id, operator)).manifest.models.length).toBeGreaterThan(0);
  });

  test('that hibernates is refused, with what to do, on record', async () => {
    await installation.control.hibernateTenant(tenant.id, operator);
    await expect(installation.control.exportTenant(tenant.id, operator)).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining('is HIBERNATED, and its data cannot be exported: wake it first'),
    });
    expect(await audit()).toEqual([{ action: 'tenant.export', outcome: 'DENIED', detail: { reason: 'ExportRefusedError' } }]);
    await installation.control.deleteTenant(tenant.id, operator);
    await expect(installation.control.exportTenant(tenant.id, operator)).rejects.toThrow('restore it first');
  });
});
