import { randomBytes } from 'node:crypto';
import { silentLogger } from '@tenantry/service';
import { escapeIdentifier } from 'pg';
import { Registry } from 'prom-client';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { z } from 'zod';
import { openCatalog } from './catalog/catalog.ts';
import { openControlClient } from './control-client.ts';
import { prepareControlDatabase } from './control-database.ts';
import { startWorker } from './jobs/start-worker.ts';
import { openTenantJobs } from './jobs/tenant-jobs.ts';
import { defineTenantTask } from './jobs/tenant-task.ts';
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

test('workers run jobs as such a role, too', async () => {
  const logger = silentLogger;
  const signingKey = randomBytes(32);
  await using catalog = openCatalog({ controlDatabaseUrl: serviceUrl, logger });
  await using jobs = openTenantJobs({ controlDatabaseUrl: serviceUrl, signingKey, logger });
  const [{ id: tenantId } = { id: '' }] = await catalog.listTenants({ limit: 1, filter: { status: 'SUSPENDED' } });
  const payload = z.strictObject({});
  const seen: string[] = [];
  const task = defineTenantTask({ name: 'any', payload, statuses: ['SUSPENDED'], run: async (job) => void seen.push(job.tenantId) });
  const options = { controlDatabaseUrl: serviceUrl, signingKey, catalog, logger, metrics: new Registry() };
  const pool = { lease: async () => await Promise.reject(new Error('no tenants here')) };
  const cron = { name: 'swept', cron: '0 0 1 1 *', run: async () => ({}) };
  await using _worker = await startWorker({ ...options, pool, scheduled: [cron], tenantTasks: [task] });
  await jobs.enqueue(task, { tenantId, payload: {}, requester: operator });
  // One that carries nothing is refused, and given up.
  await runSql(serviceUrl, `SELECT tenantry_jobs.add_job('any'), tenantry_jobs.add_job('swept', queue_name := 'swept')`);
  const soon = { timeout: 20_000 };
  const refused = { task: 'any', attempts: 1, maxAttempts: 1 };
  await expect.poll(async () => await catalog.listJobs({ limit: 10, state: 'FAILED' }), soon).toMatchObject([refused]);
  await expect.poll(async () => await catalog.listJobs({ limit: 10, task: 'swept' }), soon).toEqual([]);
  expect(seen).toEqual([tenantId]);
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
  'DELETE FROM tenantry_jobs.migrations',
  'CREATE TABLE tenantry_jobs.another (id int)',
  'ALTER TABLE tenantry_jobs._private_jobs DISABLE ROW LEVEL SECURITY',
  `UPDATE erasure_certificates SET document = '{}'`,
  'DELETE FROM erasure_certificates',
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

test('what keeps the rights from being given is told as Postgres says it', async () => {
  await runSql(databaseUrl(server, database), 'CREATE TABLE of_somebody_else ()');
  try {
    await expect(prepareControlDatabase(ownerUrl, { serviceRole: service })).rejects.toThrow(
      'permission denied for table of_somebody_else',
    );
  } finally {
    await runSql(databaseUrl(server, database), 'DROP TABLE of_somebody_else');
  }
});

test('a process that stands still within a transaction does not keep what it has locked', async () => {
  await using client = openControlClient({ url: serviceUrl, applicationName: 'test', logger: silentLogger });
  expect(await client.db.$queryRaw`SHOW idle_in_transaction_session_timeout`).toEqual([{ idle_in_transaction_session_timeout: '10s' }]);
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
