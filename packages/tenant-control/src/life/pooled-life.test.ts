import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPgBouncer, type PgBouncer } from '@tenantry/backing-services';
import { silentLogger, unseal } from '@tenantry/service';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { openFolderStore } from '../backups/stores/folder-store.ts';
import { closeCluster } from '../clusters/close-cluster.ts';
import { openClusterAdmin } from '../clusters/cluster-admin.ts';
import type { ClusterConfig } from '../clusters/cluster-config.ts';
import { databaseUrl } from '../postgres/connection.ts';
import { createTenantControl } from '../tenant-control.ts';
import { openInstallation, operator, runSql, uniqueName, type Installation } from '../testing/installation.ts';
import { findOrphans } from '../testing/orphans.ts';

const server = inject('postgresUrl');
const missing: string = inject('pgBouncerMissing');
const { hostname: host, port } = new URL(server);
const administrator = uniqueName('administrator');
const pooler = { user: uniqueName('pooler'), password: 'of the pooler' };
const adminUrl = databaseUrl(server, administrator, { user: administrator, password: 'secret' });
const direct: ClusterConfig = { name: 'managed', adminUrl, shelf: 0 };
let folder: string;
let pgBouncer: PgBouncer;
let pooled: ClusterConfig;
let installation: Installation;

beforeAll(async () => {
  if (missing !== '') return;
  folder = await mkdtemp(join(tmpdir(), 'tenantry-pooled-'));
  await runSql(server, `CREATE ROLE ${administrator} LOGIN CREATEDB CREATEROLE PASSWORD 'secret'`);
  await runSql(server, `CREATE DATABASE ${administrator} OWNER ${administrator}`);
  await runSql(server, `CREATE ROLE ${pooler.user} LOGIN PASSWORD '${pooler.password}'`);
  // Nor may the administrator see to this, who did not make the role.
  await runSql(server, `ALTER ROLE ${pooler.user} SET search_path = pg_catalog`);
  // To close the server's own databases takes their owner, once.
  await using superuser = openClusterAdmin({ name: 'server', adminUrl: server }, silentLogger);
  await closeCluster(superuser, silentLogger);
  pgBouncer = await startPgBouncer({
    server: { host, port: Number(port) },
    users: { [pooler.user]: pooler.password },
    settings: { auth_user: pooler.user, auth_query: 'SELECT role, verifier FROM tenantry.logins WHERE role = $1', query_wait_timeout: '2' },
  });
  const tenants = {
    host: pgBouncer.host,
    port: pgBouncer.port,
    sslMode: 'disable',
    pooling: 'transaction',
    authUser: pooler.user,
  } as const;
  pooled = { ...direct, tenants };
  const store = openFolderStore(folder);
  installation = await openInstallation({ serverUrl: server, clusters: [pooled], store, rotation: { quietMs: 50, graceMs: 500 } });
});
afterAll(async () => {
  if (missing !== '') return;
  await installation?.[Symbol.asyncDispose]();
  await pgBouncer?.[Symbol.asyncDispose]();
  const own = await runSql<{ name: string }>(server, 'SELECT datname AS name FROM pg_database WHERE datdba = $1::regrole', [administrator]);
  for (const { name } of own) {
    await runSql(server, `ALTER DATABASE ${name} IS_TEMPLATE false`);
    await runSql(server, `DROP DATABASE ${name} WITH (FORCE)`);
    await runSql(server, `DROP ROLE IF EXISTS ${name}_owner`);
  }
  for (const role of [administrator, pooler.user]) await runSql(server, `DROP ROLE ${role}`);
  await rm(folder, { recursive: true });
});

async function provision(): Promise<string> {
  const slug = uniqueName('t').replace('_', '-');
  const { id } = await installation.control.provisionTenant({ slug, name: 'Acme' }, { actor: operator });
  await asTenant(id, `UPDATE tenant_settings SET locale = 'de-CH'`);
  return id;
}

/** On the way that the catalog names. */
async function asTenant(id: string, sql: string): Promise<unknown> {
  const placement = await installation.catalog.findPlacement(id);
  if (!placement) throw new Error(`no tenant ${id}`);
  const password = unseal(placement.sealedPassword, id, installation.keyRing);
  const url = new URL(databaseUrl(server, placement.database, { user: placement.role, password }));
  url.host = `${placement.host}:${placement.port}`;
  return await runSql(url.href, sql);
}

const catalogStatus = async (id: string) => (await installation.catalog.findTenants([id]))[0]?.status;
const locale = async (id: string) => await asTenant(id, 'SELECT locale FROM tenant_settings');

async function restart(cluster: ClusterConfig): Promise<void> {
  const { catalog, controlDatabaseUrl, keyRing, bus } = installation;
  const options = { catalog, controlDatabaseUrl, keyRing, bus, clusters: [cluster], logger: silentLogger, keepsHouse: false };
  await (await createTenantControl(options))[Symbol.asyncDispose]();
}

describe.skipIf(missing !== '')('behind a pooler, by an administrator with CREATEDB and CREATEROLE,', () => {
  test('no database is dropped in which the pooler has a session that the administrator may not end; it says how to let it', async () => {
    const id = await provision();
    await expect(installation.control.hibernateTenant(id, operator, { keep: 'dropped' })).rejects.toMatchObject({
      step: 'shut out',
      cause: { message: expect.stringContaining(`GRANT pg_signal_backend TO "${administrator}"`) },
    });
    expect(await locale(id)).toEqual([{ locale: 'de-CH' }]);
    await runSql(server, `GRANT pg_signal_backend TO ${administrator}`);
    await installation.control.hibernateTenant(id, operator, { keep: 'dropped' });
    await installation.control.wakeTenant(id, operator);
    expect(await locale(id)).toEqual([{ locale: 'de-CH' }]);
  });

  test.each(['closed', 'dropped'] as const)(
    'a tenant hibernates, its database %s, and wakes, also after its login was replaced',
    async (keep) => {
      const { control } = installation;
      const id = await provision();
      for (const isRotated of [false, true]) {
        if (isRotated) await control.rotateCredentials(id, operator, { atOnce: true });
        expect(await locale(id)).toEqual([{ locale: 'de-CH' }]);
        await control.hibernateTenant(id, operator, { keep });
        expect(await catalogStatus(id)).toBe('HIBERNATED');
        await control.wakeTenant(id, operator);
        expect(await locale(id)).toEqual([{ locale: 'de-CH' }]);
      }
      await control.deleteTenant(id, operator, { graceDays: 0 });
      expect(await control.purgeTenant(id, operator)).toMatchObject({ status: 'DELETED' });
      expect(await findOrphans(installation, server)).toEqual([]);
    },
  );

  test('a tenant is restored in place, also after its login was replaced', async () => {
    const { control } = installation;
    const id = await provision();
    const backup = await control.backUpTenant(id, operator);
    for (const isRotated of [false, true]) {
      if (isRotated) await control.rotateCredentials(id, operator, { atOnce: true });
      await asTenant(id, `UPDATE tenant_settings SET locale = 'fr-CH'`);
      await control.restoreBackup(backup.id, operator);
      expect(await locale(id)).toEqual([{ locale: 'de-CH' }]);
    }
  });

  test('a tenant that slept while the pooler came is reached through it when it wakes', async () => {
    const { control } = installation;
    await restart(direct);
    const id = await provision();
    await control.hibernateTenant(id, operator);
    await restart(pooled);
    await control.wakeTenant(id, operator);
    expect(await installation.catalog.findPlacement(id)).toMatchObject({ pooling: 'transaction' });
    expect(await locale(id)).toEqual([{ locale: 'de-CH' }]);
  });
});
