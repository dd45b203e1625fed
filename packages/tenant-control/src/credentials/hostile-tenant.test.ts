import { migrationsFolder } from '@tenantry/prisma';
import { silentLogger } from '@tenantry/service';
import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { dumpDatabase } from '../backups/dump-database.ts';
import { exportData } from '../backups/export/export-data.ts';
import { fingerprintDatabase } from '../backups/fingerprint.ts';
import { restoreDatabase } from '../backups/restore-database.ts';
import { createTestStore, type TestStore } from '../backups/testing/databases.ts';
import { openClusterAdmin, type ClusterAdmin } from '../clusters/cluster-admin.ts';
import { openToPooler } from '../clusters/pooler-access.ts';
import { preparePoolerRole } from '../clusters/pooler-role.ts';
import { databaseUrl } from '../postgres/connection.ts';
import { findLogins } from '../tenant-databases/login.ts';
import { namesOf } from '../tenant-databases/owned-database.ts';
import type { Tenant } from '../tenant.ts';
import { openInstallation, operator, runSql, uniqueName, type Installation } from '../testing/installation.ts';
import { asOwner } from './as-owner.ts';
import { RotatedTenants, type SignIn } from './testing/rotated-tenants.ts';

const server = inject('postgresUrl');
const cleanup = new AsyncDisposableStack();
let installation: Installation;
let tenants: RotatedTenants;
let admin: ClusterAdmin;
let kept: TestStore;

let tenant: Tenant;
let signIn: SignIn;
let witness: Client;
/** Who has run functions of the tenant's in transactions that write nothing. */
let told: string[];

/** What somebody can do who has a tenant's password: whoever runs `trap` is on record with the most that it can be. */
const traps = `
  CREATE TABLE victims (name text);
  CREATE FUNCTION record() RETURNS void LANGUAGE plpgsql AS $$
    BEGIN
      INSERT INTO public.victims VALUES (current_user);
    EXCEPTION WHEN read_only_sql_transaction THEN
      PERFORM pg_catalog.pg_notify('victims', current_user::text);
    END $$;
  CREATE FUNCTION trap() RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$
    DECLARE former text := pg_catalog.current_setting('role');
    BEGIN
      PERFORM pg_catalog.set_config('role', 'none', true);
      PERFORM public.record();
      PERFORM pg_catalog.set_config('role', former, true);
      RETURN 1;
    EXCEPTION WHEN insufficient_privilege THEN
      -- Postgres does what it does for the owner with the owner's rights.
      RETURN 1;
    END $$;
  CREATE FUNCTION trap_row() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      PERFORM public.trap();
      RETURN coalesce(NEW, OLD);
    END $$;
  GRANT ALL ON victims TO PUBLIC;
  CREATE SCHEMA tenantry;
  CREATE TABLE tenantry.logins (role text PRIMARY KEY, verifier text NOT NULL);
  INSERT INTO tenantry.logins VALUES (current_user, '');
  CREATE TRIGGER trap BEFORE INSERT OR UPDATE OR DELETE ON tenantry.logins FOR EACH ROW EXECUTE FUNCTION trap_row();
  CREATE INDEX ON users ((trap()));
  CREATE INDEX ON _prisma_migrations ((trap()));
  CREATE TRIGGER trap BEFORE INSERT OR UPDATE OR DELETE ON tenant_settings FOR EACH ROW EXECUTE FUNCTION trap_row();`;

beforeAll(async () => {
  installation = cleanup.use(await openInstallation({ serverUrl: server, rotation: { quietMs: 50, graceMs: 100 } }));
  tenants = new RotatedTenants(installation, server);
  admin = cleanup.use(openClusterAdmin({ name: 'standard', adminUrl: server }, silentLogger));
  kept = cleanup.use(await createTestStore());
});
afterAll(async () => await cleanup.disposeAsync());

beforeEach(async () => {
  tenant = await tenants.provision();
  signIn = await tenants.signIn(tenant.id);
  await tenants.query(tenant.id, traps);
  told = [];
  witness = new Client({ connectionString: await tenants.url(tenant.id) });
  await witness.connect();
  witness.on('notification', ({ payload = '' }) => told.push(payload));
  witness.on('error', () => {});
  await witness.query('LISTEN victims');
});
afterEach(async () => await witness.end());

/** Who has run functions of the tenant's: the most that each could be. */
async function victims(): Promise<string[]> {
  const rows = await runSql<{ name: string }>(databaseUrl(server, namesOf(tenant.id).databaseName), 'SELECT DISTINCT name FROM victims');
  return [...told, ...rows.map(({ name }) => name)];
}

const isOfTenant = (name: string) => name.startsWith(namesOf(tenant.id).roleName);

/** What sessions of a role begin with, but as whom they act. */
async function settingsOf(role: string): Promise<string[]> {
  const query = `SELECT setting FROM pg_roles, unnest(rolconfig) AS setting WHERE rolname = $1 ORDER BY 1`;
  const rows = await runSql<{ setting: string }>(server, query, [role]);
  return rows.map(({ setting }) => setting).filter((setting) => !/^(?:role|session_authorization)=/.test(setting));
}

test('a stand-in of the owner’s reads and writes all of a tenant’s database, and what the tenant has put there gets nobody else’s rights', async () => {
  const { id } = tenant;
  const { store } = kept;
  await asOwner(admin, namesOf(id), async (url) => {
    await dumpDatabase({ url, store, key: id, tenantId: id });
    await fingerprintDatabase({ url });
    await exportData({ url, store, key: `${id}-export`, tenantId: id, prismaSchema: '' });
    await runSql(url, 'DROP SCHEMA tenantry CASCADE');
    await restoreDatabase({ url, store, key: id, migrationFolders: [migrationsFolder('tenant')] });
  });
  expect(await victims()).not.toEqual([]);
  expect((await victims()).filter((name) => !isOfTenant(name))).toEqual([]);
  expect(await findLogins(admin.pool, id)).toEqual([]);
});

test('a rotation runs nothing of the tenant’s as the administrator, whatever the tenant has sessions begin with', async () => {
  const { database } = await tenants.placement(tenant.id);
  await tenants.query(
    tenant.id,
    `ALTER DATABASE ${database} SET role = ${database};
     ALTER DATABASE ${database} SET search_path = public, pg_catalog;
     ALTER DATABASE ${database} SET default_transaction_read_only = on`,
  );
  await installation.control.rotateCredentials(tenant.id, operator, { atOnce: true });
  expect((await victims()).filter((name) => !isOfTenant(name))).toEqual([]);
  expect(await tenants.opens(tenant.id, signIn)).toBe(false);
});

test('a tenant cannot give its login settings that keep it from being replaced', async () => {
  const settings = [
    'transaction_read_only = on',
    `session_authorization = '${signIn.user}'`,
    `search_path = '$user', 'Public', '', 'O''Hara "x", y'`,
  ];
  for (const setting of settings) await tenants.query(tenant.id, `ALTER ROLE CURRENT_USER SET ${setting}`);
  const before = await settingsOf(signIn.user);
  expect(before).toEqual(expect.arrayContaining(['transaction_read_only=on']));
  await installation.control.rotateCredentials(tenant.id, operator, { atOnce: true });
  const { role } = await tenants.placement(tenant.id);
  expect(role).not.toBe(signIn.user);
  expect(await settingsOf(role)).toEqual(before);
  expect(await tenants.opens(tenant.id, signIn)).toBe(false);
});

test('a tenant that wakes is migrated with its own rights', async () => {
  const { control } = installation;
  await installation.query(`UPDATE tenants SET schema_version = '20000101000000_old' WHERE id = $1`, [tenant.id]);
  await control.hibernateTenant(tenant.id, operator);
  await control.wakeTenant(tenant.id, operator);
  expect(await victims()).not.toEqual([]);
  expect((await victims()).filter((name) => !isOfTenant(name))).toEqual([]);
});

describe('a pooler', () => {
  const pooler = { user: uniqueName('pooler'), password: 'of the pooler' };
  let database: string;

  beforeAll(async () => {
    await runSql(server, `CREATE ROLE ${pooler.user} LOGIN PASSWORD '${pooler.password}'`);
  });
  afterAll(async () => await runSql(server, `DROP ROLE ${pooler.user}`));
  beforeEach(async () => void ({ database } = await tenants.placement(tenant.id)));
  afterEach(async () => await admin.within(database, async (client) => void (await client.query(`DROP OWNED BY ${pooler.user}`))));

  const open = async () => {
    await openToPooler(admin, pooler.user, { databaseName: database, roleName: signIn.user, password: signIn.password });
  };

  test('is told of logins by the administrator’s own table, or not at all', async () => {
    await tenants.query(tenant.id, `ALTER DATABASE ${database} SET role = ${database}`);
    await expect(open()).rejects.toThrow('not to the administrator');
    expect(await victims()).toEqual([]);
    await tenants.query(tenant.id, 'DROP SCHEMA tenantry CASCADE');
    await open();
    await expect(tenants.query(tenant.id, 'SELECT FROM tenantry.logins')).rejects.toMatchObject({ code: '42501' });
  });

  test('asks for logins by the operators of the system, whatever the tenant has made of them', async () => {
    await preparePoolerRole(admin, pooler.user);
    await tenants.query(tenant.id, 'DROP SCHEMA tenantry CASCADE');
    await open();
    await tenants.query(
      tenant.id,
      `CREATE FUNCTION is_equal(text, text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN PERFORM public.trap(); RETURN true; END $$;
       CREATE OPERATOR public.= (LEFTARG = text, RIGHTARG = text, FUNCTION = is_equal);
       GRANT USAGE ON SCHEMA public TO PUBLIC;
       ALTER DATABASE ${database} SET search_path = public, pg_catalog`,
    );
    const asked = await runSql(databaseUrl(server, database, pooler), 'SELECT role FROM tenantry.logins WHERE role = $1', [signIn.user]);
    expect(asked).toEqual([{ role: signIn.user }]);
    expect(await victims()).toEqual([]);
  });

  test('is given no role that a tenant could have run its functions, where the administrator may not see to that', async () => {
    const administrator = { user: uniqueName('administrator'), password: 'of the administrator' };
    await runSql(server, `ALTER ROLE ${pooler.user} RESET search_path`);
    await runSql(server, `CREATE ROLE ${administrator.user} LOGIN CREATEROLE PASSWORD '${administrator.password}'`);
    try {
      await runSql(server, `GRANT CONNECT ON DATABASE postgres TO ${administrator.user}`);
      await using weak = openClusterAdmin({ name: 'standard', adminUrl: databaseUrl(server, 'postgres', administrator) }, silentLogger);
      await expect(preparePoolerRole(weak, pooler.user)).rejects.toThrow('let a superuser say ALTER ROLE');
      await preparePoolerRole(admin, pooler.user);
      await preparePoolerRole(weak, pooler.user);
    } finally {
      await runSql(server, `DROP OWNED BY ${administrator.user}; DROP ROLE ${administrator.user}`);
    }
  });
});
