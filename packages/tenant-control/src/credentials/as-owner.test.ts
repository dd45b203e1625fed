import { randomBytes, randomUUID } from 'node:crypto';
import { silentLogger } from '@tenantry/service';
import { escapeIdentifier } from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, expect, inject, test } from 'vitest';
import { runSql } from '../backups/testing/databases.ts';
import { openClusterAdmin, type ClusterAdmin } from '../clusters/cluster-admin.ts';
import { databaseUrl } from '../postgres/connection.ts';
import { makeEmptyDatabase, type TenantDatabase } from '../tenant-databases/database.ts';
import { findLogins, loginComment } from '../tenant-databases/login.ts';
import { namesOf } from '../tenant-databases/owned-database.ts';
import { makeRole } from '../tenant-databases/role.ts';
import { asOwner, dropAbandoned, isStandIn } from './as-owner.ts';

const server = inject('postgresUrl');
const administrator = { user: `administrator_${randomBytes(6).toString('hex')}`, password: 'of the administrator' };
const cleanup = new AsyncDisposableStack();
let admin: ClusterAdmin;
let tenant: TenantDatabase;

beforeAll(async () => {
  // As on a managed server, which has no superuser for its customers.
  await runSql(server, `CREATE ROLE ${administrator.user} LOGIN CREATEDB CREATEROLE PASSWORD '${administrator.password}'`);
  await runSql(server, `CREATE DATABASE ${administrator.user} OWNER ${administrator.user}`);
  const adminUrl = databaseUrl(server, administrator.user, administrator);
  cleanup.defer(async () => {
    await runSql(server, `DROP DATABASE ${administrator.user} WITH (FORCE)`);
    await runSql(server, `DROP ROLE ${administrator.user}`);
  });
  admin = cleanup.use(openClusterAdmin({ name: 'standard', adminUrl }, silentLogger));
});
afterAll(async () => await cleanup.disposeAsync());

beforeEach(async () => {
  tenant = namesOf(randomUUID());
  const session = await admin.pool.connect();
  try {
    await makeRole(session, { roleName: tenant.roleName, password: 'of the tenant' });
    await makeEmptyDatabase(session, tenant);
  } finally {
    session.release();
  }
});
afterEach(async () => {
  await runSql(server, `DROP DATABASE ${tenant.databaseName} WITH (FORCE)`);
  await runSql(server, `DROP ROLE ${tenant.roleName}`);
});

const standIns = async () => (await findLogins(admin.pool, tenant.id)).map(({ loginName }) => loginName).filter(isStandIn);
const identity = 'SELECT current_user AS actor, session_user AS login';

/** Makes a table by the name of the login. @returns who it was */
const makeTable = async (url: string) => {
  const [row] = await runSql<{ actor: string; login: string }>(url, identity);
  await runSql(url, `CREATE TABLE ${escapeIdentifier(String(row?.login))} ()`);
  return row;
};

test('one is the owner for as long as it takes, though the tenant may not sign in, and several at a time are in nobody’s way', async () => {
  await runSql(server, `ALTER ROLE ${tenant.roleName} NOLOGIN`);
  const rows = await Promise.all(Array.from({ length: 4 }, async () => await asOwner(admin, tenant, makeTable)));
  expect(new Set(rows.map((row) => row?.actor))).toEqual(new Set([tenant.roleName]));
  expect(new Set(rows.map((row) => row?.login)).size).toBe(4);
  expect(await standIns()).toEqual([]);
  const owners = `SELECT DISTINCT tableowner AS name FROM pg_tables WHERE schemaname = 'public'`;
  expect(await runSql(databaseUrl(server, tenant.databaseName), owners)).toEqual([{ name: tenant.roleName }]);
});

test('what its work makes after leaving the owner’s role is the owner’s in the end', async () => {
  await asOwner(
    admin,
    tenant,
    async (url) =>
      await runSql(
        url,
        `SET ROLE NONE; SELECT lo_create(4711); SET ROLE ${tenant.roleName}; CREATE TABLE shared (); GRANT SELECT ON shared TO session_user`,
      ),
  );
  const owner = 'SELECT lomowner::regrole::text AS name FROM pg_largeobject_metadata';
  expect(await runSql(databaseUrl(server, tenant.databaseName), owner)).toEqual([{ name: tenant.roleName }]);
  expect(await standIns()).toEqual([]);
});

test('it is gone when its work fails, which is what is told', async () => {
  const failure = new Error('on purpose');
  await expect(asOwner(admin, tenant, async () => await Promise.reject(failure))).rejects.toBe(failure);
  expect(await standIns()).toEqual([]);
});

test('one whose process has died is dropped by the next, one at work is not', async () => {
  const abandoned = `${tenant.roleName}_own_0123abcd`;
  await admin.pool.query(`
    CREATE ROLE ${abandoned} LOGIN;
    COMMENT ON ROLE ${abandoned} IS '${loginComment(tenant.id)}';
    GRANT ${abandoned} TO CURRENT_USER WITH INHERIT TRUE, SET TRUE`);
  await asOwner(admin, tenant, async (url) => {
    const [first, ...more] = await standIns();
    expect(more).toEqual([]);
    expect(first).not.toBe(abandoned);
    expect(await dropAbandoned(admin, tenant)).toEqual([]);
    expect(await runSql(url, identity)).toEqual([{ actor: tenant.roleName, login: first }]);
  });
});
