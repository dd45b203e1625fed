import { randomBytes } from 'node:crypto';
import { silentLogger } from '@tenantry/service';
import { escapeIdentifier } from 'pg';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { openCatalog } from './catalog/catalog.ts';
import { prepareControlDatabase } from './control-database.ts';
import { databaseUrl } from './postgres/connection.ts';
import { createTenantControl } from './tenant-control.ts';
import { operator, runSql, uniqueName } from './testing/installation.ts';

const server = inject('postgresUrl');
const database = uniqueName('control');
const owner = uniqueName('control_owner');
const service = uniqueName('control_service');
const password = 'secret';
const ownerUrl = databaseUrl(server, database, { user: owner, password });
const serviceUrl = databaseUrl(server, database, { user: service, password });

beforeAll(async () => {
  for (const role of [owner, service]) await runSql(server, `CREATE ROLE ${role} LOGIN PASSWORD '${password}'`);
  await runSql(server, `CREATE DATABASE ${database} OWNER ${owner}`);
  await prepareControlDatabase(ownerUrl, { serviceRole: service });
});

afterAll(async () => {
  const tenants = await runSql<{ database: string; role: string }>(
    ownerUrl,
    'SELECT database_name AS database, role_name AS role FROM tenants',
  );
  for (const tenant of tenants) {
    await runSql(server, `DROP DATABASE IF EXISTS ${escapeIdentifier(tenant.database)} WITH (FORCE)`);
    await runSql(server, `DROP ROLE IF EXISTS ${escapeIdentifier(tenant.role)}`);
  }
  await runSql(server, `DROP DATABASE ${database} WITH (FORCE)`);
  for (const role of [owner, service]) await runSql(server, `DROP ROLE ${role}`);
});

test('the services do all their work as a role that owns nothing', async () => {
  await using catalog = openCatalog({ controlDatabaseUrl: serviceUrl, logger: silentLogger });
  await using control = await createTenantControl({
    catalog,
    controlDatabaseUrl: serviceUrl,
    clusters: [{ name: 'standard', adminUrl: server }],
    keyRing: new Map([['k1', randomBytes(32)]]),
    bus: { publish: async () => {}, subscribe: () => ({ [Symbol.dispose]: () => {} }) },
    logger: silentLogger,
    keepsHouse: false,
  });
  const slug = uniqueName('t').replace('_', '-');
  const tenant = await control.provisionTenant({ slug, name: 'Acme' }, { actor: operator, idempotencyKey: slug });
  expect(await control.suspendTenant(tenant.id, operator)).toMatchObject({ status: 'SUSPENDED' });
  expect(await control.resumeSagas()).toBe(0);
  const actions = (await catalog.listAudit({ limit: 10 })).map(({ action }) => action);
  expect(actions).toEqual(['tenant.suspend', 'tenant.provision']);
});

test.each([
  `UPDATE audit_log SET outcome = 'ALLOWED'`,
  'DELETE FROM audit_log',
  'TRUNCATE audit_log',
  'TRUNCATE tenants CASCADE',
  'DROP TABLE audit_log',
  'ALTER TABLE audit_log DISABLE TRIGGER audit_log_is_append_only',
  'ALTER TABLE audit_log RENAME TO gone',
  'DROP TRIGGER audit_log_is_append_only ON audit_log',
  'CREATE OR REPLACE FUNCTION refuse_audit_log_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$',
  'SET session_replication_role = replica',
  'CREATE TABLE another (id int)',
  'CREATE SCHEMA another',
  'DELETE FROM _prisma_migrations',
  `SET ROLE ${owner}`,
])('Postgres refuses the services: %s', async (statement) => {
  await expect(runSql(serviceUrl, statement)).rejects.toMatchObject({ code: '42501' });
});

test('the services cannot give themselves what they do not have', async () => {
  // Postgres only warns, where nothing can be granted.
  await runSql(serviceUrl, `GRANT ALL ON audit_log TO ${service}`);
  await expect(runSql(serviceUrl, 'DELETE FROM audit_log')).rejects.toMatchObject({ code: '42501' });
});

test('rights that the role was given by hand are taken back', async () => {
  await runSql(ownerUrl, `GRANT ALL ON audit_log TO ${service}`);
  await prepareControlDatabase(ownerUrl, { serviceRole: service });
  const rights = await runSql<{ right: string }>(
    ownerUrl,
    `SELECT privilege_type AS right FROM information_schema.role_table_grants WHERE table_name = 'audit_log' AND grantee = '${service}' ORDER BY 1`,
  );
  expect(rights).toEqual([{ right: 'INSERT' }, { right: 'SELECT' }]);
});

test('a role that is not there, or may act as the owner, is refused with what to do', async () => {
  const absent = uniqueName('absent');
  await expect(prepareControlDatabase(ownerUrl, { serviceRole: absent })).rejects.toThrow(`CREATE ROLE "${absent}" LOGIN PASSWORD '…'`);
  for (const role of [owner, 'postgres']) {
    await expect(prepareControlDatabase(ownerUrl, { serviceRole: role })).rejects.toThrow(
      `The role "${role}" may act as the owner of the control database ${database}`,
    );
  }
});
