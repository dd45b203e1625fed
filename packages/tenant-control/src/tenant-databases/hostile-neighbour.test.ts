import { silentLogger } from '@tenantry/service';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { openClusterAdmin } from '../clusters/cluster-admin.ts';
import { RotatedTenants } from '../credentials/testing/rotated-tenants.ts';
import type { Tenant } from '../tenant.ts';
import { openInstallation, operator, runSql, uniqueName, type Installation } from '../testing/installation.ts';
import { dropRole } from './drop-role.ts';
import { namesOf } from './owned-database.ts';

const server = inject('postgresUrl');
let installation: Installation;
let tenants: RotatedTenants;
let hostile: Tenant;
let victim: Tenant;
/** Set by a test: what happens before a step. */
let sabotage: (step: string, role: string) => Promise<void>;

beforeAll(async () => {
  installation = await openInstallation({
    serverUrl: server,
    rotation: { quietMs: 50, graceMs: 100 },
    reachFaultPoint: async ({ step, direction, at, tenantId }) => {
      if (direction === 'run' && at === 'before') await sabotage(step, namesOf(tenantId).roleName);
    },
  });
  tenants = new RotatedTenants(installation, server);
});
afterAll(async () => await installation?.[Symbol.asyncDispose]());

beforeEach(async () => {
  sabotage = async () => {};
  [hostile, victim] = await Promise.all([tenants.provision(), tenants.provision()]);
});

/** Gives a role of another tenant's every kind of right that Postgres will not drop it with. */
async function bestow(role: string): Promise<void> {
  const { databaseName } = namesOf(hostile.id);
  await tenants.query(
    hostile.id,
    `GRANT CONNECT ON DATABASE ${databaseName} TO ${role};
     GRANT SELECT ON users TO ${role};
     ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO ${role};
     CREATE POLICY mine ON teams TO ${role}`,
  );
}

async function purge({ id }: Tenant): Promise<void> {
  await installation.control.deleteTenant(id, operator, { graceDays: 0 });
  await installation.control.purgeTenant(id, operator);
}

const remainsOf = async ({ id }: Tenant) =>
  await runSql(
    server,
    `SELECT datname FROM pg_database WHERE starts_with(datname, $1) UNION ALL SELECT rolname FROM pg_roles WHERE starts_with(rolname, $1)`,
    [namesOf(id).roleName],
  );

describe('a tenant that gives the role of another one rights in its own database', () => {
  test('does not keep that one from being purged', async () => {
    await bestow(namesOf(victim.id).roleName);
    await purge(victim);
    expect(await remainsOf(victim)).toEqual([]);
  });

  test('does not keep that one’s login from being replaced', async () => {
    await installation.control.rotateCredentials(victim.id, operator, { atOnce: true });
    const { role } = await tenants.placement(victim.id);
    await bestow(role);
    await installation.control.rotateCredentials(victim.id, operator, { atOnce: true });
    expect(await runSql(server, 'SELECT FROM pg_roles WHERE rolname = $1', [role])).toEqual([]);
    expect(await tenants.query(hostile.id, 'SELECT locale FROM tenant_settings')).toEqual([{ locale: 'en' }]);
  });

  test('does not keep a new one from being undone', async () => {
    const begun: string[] = [];
    sabotage = async (step, role) => {
      if (step !== 'verification') return;
      begun.push(role);
      await bestow(role);
      throw new Error('sabotage');
    };
    const slug = uniqueName('t').replace('_', '-');
    await expect(installation.control.provisionTenant({ slug, name: 'New' }, { actor: operator })).rejects.toThrow('was undone');
    expect(await runSql(server, 'SELECT FROM pg_roles WHERE rolname = ANY($1)', [begun])).toEqual([]);
  });
});

test('a role whose database is there is not dropped, and nothing of it, whatever rights it was given', async () => {
  const { roleName, databaseName } = namesOf(victim.id);
  await bestow(roleName);
  await using admin = openClusterAdmin({ name: 'standard', adminUrl: server }, silentLogger);
  await expect(dropRole(admin, admin.pool, roleName)).rejects.toThrow(`The role ${roleName} owns the database ${databaseName}`);
  expect(await tenants.query(victim.id, 'SELECT locale FROM tenant_settings')).toEqual([{ locale: 'en' }]);
  expect(await runSql(server, 'SELECT datdba::regrole::text AS owner FROM pg_database WHERE datname = $1', [databaseName])).toEqual([
    { owner: roleName },
  ]);
  // With its database goes what it gave.
  await purge(hostile);
});

test('a tenant that makes its database a template is purged all the same', async () => {
  const { databaseName } = namesOf(hostile.id);
  await tenants.query(hostile.id, `ALTER DATABASE ${databaseName} IS_TEMPLATE true`);
  await purge(hostile);
  expect(await remainsOf(hostile)).toEqual([]);
});

test('no tenant ever reaches a template, not even while it is made', async () => {
  const rows = await runSql(
    server,
    `SELECT datname FROM pg_database WHERE starts_with(datname, 'tenantry_template_') AND has_database_privilege($1, oid, 'CONNECT')`,
    [namesOf(hostile.id).roleName],
  );
  expect(rows).toEqual([]);
});
