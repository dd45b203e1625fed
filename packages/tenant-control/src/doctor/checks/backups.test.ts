import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { withScratchDatabase } from '../../backups/scratch-database.ts';
import { openClusterAdmin, type ClusterAdmin } from '../../clusters/cluster-admin.ts';
import { silentLogger } from '@tenantry/service';
import { openBackedUpTenants, type BackedUpTenants } from '../../tenant-backups/testing/backed-up-tenants.ts';
import type { Tenant } from '../../tenant.ts';
import { operator, runSql, uniqueName } from '../../testing/installation.ts';
import type { Diagnosis } from '../finding.ts';

const server = inject('postgresUrl');
let tenants: BackedUpTenants;
let tenant: Tenant;
let admin: ClusterAdmin;

beforeAll(async () => {
  tenants = await openBackedUpTenants(server);
  tenant = await tenants.provision();
  admin = openClusterAdmin({ name: 'standard', adminUrl: server }, silentLogger);
});
afterAll(async () => {
  await admin?.[Symbol.asyncDispose]();
  await tenants?.[Symbol.asyncDispose]();
});

/** Of the tenant, and of what others do not leave on the server while this runs. */
async function found(fix = false, about: (diagnosis: Diagnosis) => boolean = ({ tenantId }) => tenantId === tenant.id) {
  const diagnoses = await tenants.installation.control.examine({ fix });
  return diagnoses.filter(about).map(({ kind, outcome, isFixable }) => ({ kind, outcome, isFixable }));
}

const query = async (sql: string, ...values: unknown[]) => await tenants.installation.query(sql, values);

test('backups whose process has died are found, and given up', async () => {
  const { id } = await tenants.installation.control.backUpTenant(tenant.id, operator);
  await query(`UPDATE backups SET state = 'RUNNING' WHERE id = $1`, id);
  expect(await found()).toEqual([{ kind: 'abandoned-backup', outcome: 'found', isFixable: true }]);
  expect(await found(true)).toEqual([{ kind: 'abandoned-backup', outcome: 'fixed', isFixable: true }]);
  expect(await found()).toEqual([]);
  expect(await tenants.files(tenant.id)).toEqual([]);
});

test('tenants that nobody backs up are found', async () => {
  await query(`UPDATE tenants SET created_at = now() - interval '49 hours' WHERE id = $1`, tenant.id);
  expect(await found()).toEqual([{ kind: 'overdue-backup', outcome: 'found', isFixable: false }]);
  await query(`UPDATE tenants SET created_at = now() WHERE id = $1`, tenant.id);
  expect(await found()).toEqual([]);
});

test('backups in other stores are told of', async () => {
  const { id } = await tenants.installation.control.backUpTenant(tenant.id, operator);
  await query(`UPDATE backups SET store = 's3://elsewhere/' WHERE id = $1`, id);
  expect(await found(false, ({ kind }) => kind === 'backup-elsewhere')).toHaveLength(1);
  await tenants.installation.control.removeBackup(id, operator);
  expect(await found(false, ({ kind }) => kind === 'backup-elsewhere')).toEqual([]);
});

test('a tenant that has nothing to wake from is found', async () => {
  const sleeper = await tenants.provision();
  const about = ({ tenantId }: Diagnosis) => tenantId === sleeper.id;
  await tenants.installation.control.hibernateTenant(sleeper.id, operator, { keep: 'dropped' });
  expect(await found(false, about)).toEqual([]);
  await query(`UPDATE backups SET state = 'FAILED' WHERE tenant_id = $1`, sleeper.id);
  expect(await found(false, about)).toEqual([{ kind: 'missing-backup', outcome: 'found', isFixable: false }]);
});

test('what restores that were given up have left is found; what may be needed stays', async () => {
  const name = `tenant_${tenant.id.replaceAll('-', '')}`;
  for (const spot of ['restored', 'replaced']) {
    await runSql(server, `CREATE DATABASE ${name}_${spot} OWNER ${name}`);
    await runSql(server, `COMMENT ON DATABASE ${name}_${spot} IS 'Tenantry: tenant ${tenant.id}'`);
  }
  expect(await found()).toEqual([]);
  await query(
    `INSERT INTO sagas (id, kind, tenant_id, state, input, issuer, subject, request_id) VALUES (gen_random_uuid(), 'RESTORE', $1, 'FAILED', '{}', '', '', '')`,
    tenant.id,
  );
  const leftovers = async (fix: boolean) => await found(fix, ({ kind, tenantId }) => kind === 'restore-leftover' && tenantId === tenant.id);
  expect(await leftovers(false)).toHaveLength(2);
  expect(await leftovers(true)).toContainEqual({ kind: 'restore-leftover', outcome: 'fixed', isFixable: true });
  expect(await leftovers(false)).toEqual([{ kind: 'restore-leftover', outcome: 'found', isFixable: false }]);
  await runSql(server, `DROP DATABASE ${name}_replaced`);
});

test('scratch databases are found, and dropped, unless somebody uses them', async () => {
  const name = `tenantry_scratch_${uniqueName('').slice(1)}`;
  await runSql(server, `CREATE ROLE ${name}`);
  await runSql(server, `CREATE DATABASE ${name} OWNER ${name}`);
  const databases = async () => (await runSql<{ name: string }>(server, 'SELECT datname AS name FROM pg_database')).map((row) => row.name);
  await withScratchDatabase(admin, 'a-backup', async (url) => {
    const fixed = { kind: 'scratch-leftover', outcome: 'fixed', isFixable: true };
    // A sweep of another test on this server may have been faster.
    expect([[fixed], []]).toContainEqual(await found(true, ({ message }) => message.includes(name)));
    expect(await databases()).toContain(new URL(url).pathname.slice(1));
  });
  expect(await databases()).not.toContain(name);
});
