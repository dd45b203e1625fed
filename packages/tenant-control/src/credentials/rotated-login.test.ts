import { silentLogger } from '@tenantry/service';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { closeCluster } from '../clusters/close-cluster.ts';
import { openClusterAdmin } from '../clusters/cluster-admin.ts';
import { databaseUrl } from '../postgres/connection.ts';
import { dropRoles } from '../tenant-databases/drop-roles.ts';
import { findLogins } from '../tenant-databases/login.ts';
import { openInstallation, operator, runSql, uniqueName, type Installation } from '../testing/installation.ts';
import { RotatedTenants } from './testing/rotated-tenants.ts';

const server = inject('postgresUrl');
const denied = { code: '42501' };

describe.each(['a superuser', 'a role with CREATEDB and CREATEROLE'])('the login of a tenant whose credentials %s has rotated', (who) => {
  const administrator = uniqueName('administrator');
  let installation: Installation;
  let tenants: RotatedTenants;
  let id: string;
  let owner: string;
  let login: string;

  beforeAll(async () => {
    await runSql(server, `CREATE ROLE ${administrator} LOGIN CREATEDB CREATEROLE PASSWORD 'secret'`);
    await runSql(server, `CREATE DATABASE ${administrator} OWNER ${administrator}`);
    // To close the server's own databases takes their owner, once.
    await using superuser = openClusterAdmin({ name: 'server', adminUrl: server }, silentLogger);
    await closeCluster(superuser, silentLogger);
    const unprivileged = databaseUrl(server, administrator, { user: administrator, password: 'secret' });
    installation = await openInstallation({
      serverUrl: server,
      clusters: [{ name: 'standard', adminUrl: who === 'a superuser' ? server : unprivileged }],
      rotation: { quietMs: 50, graceMs: 500 },
    });
    tenants = new RotatedTenants(installation, server);
    ({ id } = await tenants.provision());
    owner = (await tenants.placement(id)).role;
    // Beside a session of the first login, and of the second, which the rotations have to end.
    for (const _time of ['first', 'second']) {
      const held = new Client(await tenants.url(id));
      held.on('error', () => {});
      await held.connect();
      await installation.control.rotateCredentials(id, operator);
      await tenants.settled();
    }
    login = (await tenants.placement(id)).role;
  });

  afterAll(async () => {
    await installation?.[Symbol.asyncDispose]();
    const owned = await runSql<{ datname: string }>(server, 'SELECT datname FROM pg_database WHERE datdba = $1::regrole', [administrator]);
    for (const { datname } of owned) {
      await runSql(server, `ALTER DATABASE ${datname} IS_TEMPLATE false`);
      await runSql(server, `DROP DATABASE ${datname} WITH (FORCE)`);
      await runSql(server, `DROP ROLE IF EXISTS ${datname}_owner`);
    }
    await runSql(server, `DROP ROLE ${administrator}`);
  });

  test('acts as the role that owns the database, from the beginning of each session', async () => {
    expect(login).toBe(`${owner}_v3`);
    expect(await tenants.query(id, 'SELECT current_user AS actor, session_user AS login')).toEqual([{ actor: owner, login }]);
    await tenants.query(id, `CREATE TABLE own (); ALTER TABLE teams ADD COLUMN colour text; ALTER TYPE "UserRole" ADD VALUE 'GUEST'`);
    expect(await tenants.query(id, `SELECT tableowner FROM pg_tables WHERE tablename = 'own'`)).toEqual([{ tableowner: owner }]);
  });

  test('is bounded as every tenant is', async () => {
    const settings = `SELECT current_setting('statement_timeout') AS statement, current_setting('idle_in_transaction_session_timeout') AS idle`;
    expect(await tenants.query(id, settings)).toEqual([{ statement: '15s', idle: '10s' }]);
    const [attributes] = await runSql(server, 'SELECT * FROM pg_roles WHERE rolname = $1', [login]);
    expect(attributes).toMatchObject({
      rolsuper: false,
      rolcreatedb: false,
      rolcreaterole: false,
      rolinherit: false,
      rolreplication: false,
      rolbypassrls: false,
      rolconnlimit: 40,
    });
    const memberships = await runSql(
      server,
      `SELECT roleid::regrole::text AS role, admin_option, inherit_option, set_option FROM pg_auth_members WHERE member = $1::regrole`,
      [login],
    );
    expect(memberships).toEqual([{ role: owner, admin_option: false, inherit_option: false, set_option: true }]);
  });

  test.each(['SET ROLE NONE', `SELECT set_config('role', 'none', false)`])('gets nothing by %s', async (statement) => {
    for (const deed of [
      'SELECT * FROM users',
      'CREATE TABLE public.mine ()',
      'CREATE SCHEMA mine',
      'DROP TABLE users',
      'CREATE TEMP TABLE t ()',
    ]) {
      await expect(tenants.query(id, `${statement}; ${deed}`)).rejects.toMatchObject(denied);
    }
  });

  test.each(['RESET ROLE', 'DISCARD ALL', 'RESET ALL', 'SET SESSION AUTHORIZATION DEFAULT'])(
    'gets nothing more by %s',
    async (statement) => {
      const client = new Client(await tenants.url(id));
      await client.connect();
      try {
        await client.query(statement);
        const { rows } = await client.query<{ actor: string; reach: string[] }>(
          `SELECT current_user AS actor, ARRAY(SELECT rolname::text FROM pg_roles WHERE pg_has_role(oid, 'SET') OR pg_has_role(oid, 'USAGE')) AS reach`,
        );
        expect([owner, login]).toContain(rows[0]?.actor);
        // Of its own database, which every owner of one is a member of.
        expect([owner, login, 'pg_database_owner']).toEqual(expect.arrayContaining(rows[0]?.reach ?? ['unknown']));
      } finally {
        await client.end();
      }
    },
  );

  test('may become, make and change no other role', async () => {
    const other = await tenants.placement((await tenants.provision()).id);
    for (const deed of [
      `SET ROLE ${other.role}`,
      `SET SESSION AUTHORIZATION ${other.role}`,
      'CREATE ROLE friend',
      `ALTER ROLE ${owner} LOGIN`,
      `ALTER ROLE ${login} CONNECTION LIMIT -1`,
      `GRANT ${owner} TO ${other.role}`,
    ]) {
      for (const before of ['', 'SET ROLE NONE;']) await expect(tenants.query(id, `${before} ${deed}`)).rejects.toMatchObject(denied);
    }
  });

  test('is refused by every database but its own', async () => {
    const other = await tenants.provision();
    await installation.control.rotateCredentials(other.id, operator);
    await tenants.settled();
    const control = new URL(installation.controlDatabaseUrl).pathname.slice(1);
    const { database: othersDatabase } = await tenants.placement(other.id);
    for (const database of [othersDatabase, control, 'postgres', 'template1']) {
      await expect(runSql(await tenants.url(id, { database }), 'SELECT 1')).rejects.toMatchObject(denied);
    }
    const templates = await runSql<{ datname: string }>(server, `SELECT datname FROM pg_database WHERE datistemplate AND NOT datallowconn`);
    expect(templates.length).toBeGreaterThan(0);
    for (const { datname } of templates) {
      await expect(runSql(await tenants.url(id, { database: datname }), 'SELECT 1')).rejects.toMatchObject({ code: '55000' });
    }
  });

  test('is found as the tenant’s, and dropped with what it acts as', async () => {
    const other = await tenants.provision();
    const { database } = await tenants.placement(other.id);
    await installation.control.rotateCredentials(other.id, operator);
    await tenants.settled();
    await using admin = openClusterAdmin({ name: 'standard', adminUrl: server }, silentLogger);
    expect(await findLogins(admin.pool, other.id)).toEqual([{ tenantId: other.id, loginName: `${database}_v2` }]);
    expect(await findLogins(admin.pool)).toEqual(expect.arrayContaining([{ tenantId: id, loginName: login }]));
    await runSql(server, `DROP DATABASE ${database} WITH (FORCE)`);
    const session = await admin.pool.connect();
    for (const _time of ['once', 'again']) await dropRoles(admin, session, { id: other.id, roleName: database });
    session.release();
    expect(await tenants.roles(other.id)).toEqual({});
  });
});
