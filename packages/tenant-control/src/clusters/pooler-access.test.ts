import { startPgBouncer, type PgBouncer } from '@tenantry/backing-services';
import { silentLogger, unseal } from '@tenantry/service';
import type { TenantPlacement } from '@tenantry/tenant-pool';
import { Client } from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { databaseUrl } from '../postgres/connection.ts';
import { createTenantControl } from '../tenant-control.ts';
import { openInstallation, operator, runSql, uniqueName, type Installation } from '../testing/installation.ts';
import { closeCluster } from './close-cluster.ts';
import { openClusterAdmin } from './cluster-admin.ts';
import type { ClusterConfig } from './cluster-config.ts';

const server = inject('postgresUrl');
const missing: string = inject('pgBouncerMissing');
const { hostname: host, port } = new URL(server);
const pooler = { user: uniqueName('pooler'), password: 'of the pooler' };
const settings = {
  auth_user: pooler.user,
  auth_query: 'SELECT role, verifier FROM tenantry.logins WHERE role = $1',
  query_wait_timeout: '2',
};

let pgBouncer: PgBouncer;

beforeAll(async () => {
  if (missing !== '') return;
  await runSql(server, `CREATE ROLE ${pooler.user} LOGIN PASSWORD '${pooler.password}'`);
  pgBouncer = await startPgBouncer({ server: { host, port: Number(port) }, users: { [pooler.user]: pooler.password }, settings });
});
afterAll(async () => {
  if (missing !== '') return;
  await pgBouncer?.[Symbol.asyncDispose]();
  await runSql(server, `DROP ROLE ${pooler.user}`);
});

const pooled = (adminUrl: string, authUser: string | null = pooler.user): ClusterConfig => ({
  name: 'standard',
  adminUrl,
  tenants: { host: pgBouncer.host, port: pgBouncer.port, sslMode: 'disable', pooling: 'transaction', authUser },
});

/** A control plane, and what its tests ask of it. */
class Clinic implements AsyncDisposable {
  readonly #installation: Installation;

  private constructor(installation: Installation) {
    this.#installation = installation;
  }

  static async open(cluster: ClusterConfig): Promise<Clinic> {
    return new Clinic(await openInstallation({ serverUrl: server, clusters: [cluster] }));
  }

  async provision(): Promise<TenantPlacement> {
    const slug = uniqueName('t').replace('_', '-');
    const { id } = await this.#installation.control.provisionTenant({ slug, name: slug }, { actor: operator });
    return await this.placementOf(id);
  }

  async placementOf(id: string): Promise<TenantPlacement> {
    const placement = await this.#installation.catalog.findPlacement(id);
    if (!placement) throw new Error(`no tenant ${id}`);
    return placement;
  }

  loginOf({ tenantId, role, sealedPassword }: TenantPlacement): { user: string; password: string } {
    return { user: role, password: unseal(sealedPassword, tenantId, this.#installation.keyRing) };
  }

  /** The control plane starts anew, with another configuration. */
  async restart(cluster: ClusterConfig): Promise<void> {
    const { catalog, controlDatabaseUrl, keyRing } = this.#installation;
    const bus = { publish: async () => {}, subscribe: () => ({ [Symbol.dispose]: () => {} }) };
    const options = { catalog, controlDatabaseUrl, keyRing, bus, clusters: [cluster], logger: silentLogger };
    await (await createTenantControl(options))[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#installation[Symbol.asyncDispose]();
  }
}

/** Runs SQL as a tenant's own processes would: at the place that the catalog names. */
async function atPlacement<Row>(
  placement: Pick<TenantPlacement, 'host' | 'port' | 'database'>,
  login: { user: string; password: string },
  sql: string,
): Promise<Row[]> {
  const client = new Client({ host: placement.host, port: placement.port, database: placement.database, ...login });
  client.on('error', () => {});
  try {
    await client.connect();
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

/** Runs SQL in a tenant's database, at the server itself. */
async function atServer<Row>({ database }: TenantPlacement, login: { user: string; password: string }, sql: string): Promise<Row[]> {
  return await runSql(databaseUrl(server, database, login), sql);
}

async function asSuperuser<Row>({ database }: TenantPlacement, sql: string): Promise<Row[]> {
  return await runSql(databaseUrl(server, database), sql);
}

const denied = { code: '42501' };

describe.each(['a superuser', 'a role with CREATEDB and CREATEROLE'])(`a tenant provisioned by %s behind a pooler ${missing}`, (who) => {
  const administrator = uniqueName('administrator');
  let clinic: Clinic;
  let tenant: TenantPlacement;

  beforeEach(({ skip }) => skip(missing !== '', missing));

  beforeAll(async () => {
    if (missing !== '') return;
    await runSql(server, `CREATE ROLE ${administrator} LOGIN CREATEDB CREATEROLE PASSWORD 'secret'`);
    await runSql(server, `CREATE DATABASE ${administrator} OWNER ${administrator}`);
    await using superuser = openClusterAdmin({ name: 'server', adminUrl: server }, silentLogger);
    await closeCluster(superuser, silentLogger);
    const unprivileged = databaseUrl(server, administrator, { user: administrator, password: 'secret' });
    clinic = await Clinic.open(pooled(who === 'a superuser' ? server : unprivileged));
    tenant = await clinic.provision();
  });
  afterAll(async () => {
    if (missing !== '') return;
    await clinic?.[Symbol.asyncDispose]();
    const templates = 'SELECT datname FROM pg_database WHERE datdba = $1::regrole';
    for (const { datname } of await runSql<{ datname: string }>(server, templates, [administrator])) {
      await runSql(server, `ALTER DATABASE ${datname} IS_TEMPLATE false`);
      await runSql(server, `DROP DATABASE ${datname} WITH (FORCE)`);
      await runSql(server, `DROP ROLE IF EXISTS ${datname}_owner`);
    }
    await runSql(server, `DROP ROLE ${administrator}`);
  });

  test('is reached through it by its own role and password, which the pooler was never told', async () => {
    expect(tenant).toMatchObject({ host: pgBouncer.host, port: pgBouncer.port, sslMode: 'disable', pooling: 'transaction' });
    const rows = await atPlacement(
      tenant,
      clinic.loginOf(tenant),
      `SELECT current_user AS role, current_setting('statement_timeout') AS statement,
       current_setting('idle_in_transaction_session_timeout') AS idle, (SELECT count(*)::int FROM tenant_settings) AS settings`,
    );
    expect(rows).toEqual([{ role: tenant.role, statement: '15s', idle: '10s', settings: 1 }]);
  });

  test('is refused without its password', async () => {
    const { user } = clinic.loginOf(tenant);
    await expect(atPlacement(tenant, { user, password: 'wrong' }, 'SELECT 1')).rejects.toThrow('SASL authentication failed');
  });

  test('is refused to the role of another tenant', async () => {
    const other = await clinic.provision();
    const login = clinic.loginOf(other);
    expect(await atPlacement(other, login, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await expect(atPlacement({ ...other, database: tenant.database }, login, 'SELECT 1')).rejects.toThrow('no such user');
  });

  test('shows the pooler’s role how its own role signs in, and nothing else', async () => {
    const [stored] = await asSuperuser<{ rolpassword: string }>(
      tenant,
      `SELECT rolpassword FROM pg_authid WHERE rolname = '${tenant.role}'`,
    );
    const logins = await atServer(tenant, pooler, 'SELECT * FROM tenantry.logins');
    expect(logins).toEqual([{ role: tenant.role, verifier: stored?.rolpassword }]);
    for (const deed of [
      'SELECT * FROM public.users',
      'SELECT rolpassword FROM pg_authid',
      `UPDATE tenantry.logins SET verifier = 'x'`,
      'DELETE FROM tenantry.logins',
      'CREATE TABLE tenantry.mine ()',
      'CREATE TABLE public.mine ()',
      'CREATE SCHEMA mine',
      `ALTER ROLE ${tenant.role} PASSWORD 'x'`,
    ]) {
      await expect(atServer(tenant, pooler, deed)).rejects.toMatchObject(denied);
    }
  });

  test('lets its own role neither read nor replace what the pooler reads', async () => {
    for (const deed of [
      'SELECT * FROM tenantry.logins',
      `INSERT INTO tenantry.logins VALUES ('another', 'x')`,
      'DROP TABLE tenantry.logins',
      'DROP SCHEMA tenantry CASCADE',
      'ALTER SCHEMA tenantry RENAME TO gone',
      'CREATE TABLE tenantry.mine ()',
      'CREATE RULE mine AS ON SELECT TO tenantry.logins DO INSTEAD NOTHING',
      'GRANT USAGE ON SCHEMA tenantry TO PUBLIC',
    ]) {
      await expect(atServer(tenant, clinic.loginOf(tenant), deed)).rejects.toMatchObject(denied);
    }
  });
});

describe(`a pooler before a cluster that has tenants ${missing}`, () => {
  beforeEach(({ skip }) => skip(missing !== '', missing));

  test('is the way to them once their roles are bounded and it was let into their databases', async () => {
    await using clinic = await Clinic.open({ name: 'standard', adminUrl: server });
    const { tenantId, role } = await clinic.provision();
    await runSql(server, `ALTER ROLE ${role} RESET ALL`);
    await clinic.restart(pooled(server));
    const tenant = await clinic.placementOf(tenantId);
    expect(tenant).toMatchObject({ port: pgBouncer.port, pooling: 'transaction' });
    const rows = await atPlacement(tenant, clinic.loginOf(tenant), `SELECT current_setting('statement_timeout') AS statement`);
    expect(rows).toEqual([{ statement: '15s' }]);
    await clinic.restart({ name: 'standard', adminUrl: server });
    expect(await clinic.placementOf(tenantId)).toMatchObject({ port: Number(port), pooling: 'direct' });
  });

  test('leaves a role the bounds that an operator gave it', async () => {
    await using clinic = await Clinic.open({ name: 'standard', adminUrl: server });
    const { tenantId, role } = await clinic.provision();
    await runSql(server, `ALTER ROLE ${role} RESET ALL; ALTER ROLE ${role} SET statement_timeout = '1min'`);
    await clinic.restart(pooled(server));
    const tenant = await clinic.placementOf(tenantId);
    const settingsOf = `SELECT current_setting('statement_timeout') AS statement, current_setting('idle_in_transaction_session_timeout') AS idle`;
    expect(await atPlacement(tenant, clinic.loginOf(tenant), settingsOf)).toEqual([{ statement: '1min', idle: '10s' }]);
  });

  test('is not told what a tenant made to be read in its place', async () => {
    await using clinic = await Clinic.open({ name: 'standard', adminUrl: server });
    const planted = await clinic.provision();
    const other = await clinic.provision();
    await atServer(planted, clinic.loginOf(planted), 'CREATE SCHEMA tenantry; CREATE TABLE tenantry.logins (role text, verifier text)');
    await clinic.restart(pooled(server));
    await expect(atServer(planted, pooler, 'SELECT 1')).rejects.toMatchObject(denied);
    expect(await asSuperuser(planted, 'SELECT * FROM tenantry.logins')).toEqual([]);
    expect(await atServer(other, pooler, 'SELECT role FROM tenantry.logins')).toEqual([{ role: other.role }]);
  });

  test('is let in again with the verifier that the role then has', async () => {
    await using clinic = await Clinic.open(pooled(server));
    const tenant = await clinic.provision();
    await runSql(server, `REVOKE CONNECT ON DATABASE ${tenant.database} FROM ${pooler.user}`);
    await clinic.restart(pooled(server));
    await pgBouncer.administer('RECONNECT');
    expect(await atPlacement(tenant, clinic.loginOf(tenant), 'SELECT current_user AS role')).toEqual([{ role: tenant.role }]);
  });

  test('keeps tenants from being provisioned while it is down, and leaves nothing of them', async () => {
    await using clinic = await Clinic.open({
      ...pooled(server),
      tenants: { host: '127.0.0.1', port: 1, sslMode: 'disable', pooling: 'transaction', authUser: pooler.user },
    });
    await expect(clinic.provision()).rejects.toMatchObject({ step: 'verification', cause: { code: 'ECONNREFUSED' } });
  });

  test('is let into no database where it is given no role, and has to know the tenants in some other way', async () => {
    await using clinic = await Clinic.open(pooled(server, null));
    await expect(clinic.provision()).rejects.toMatchObject({ step: 'verification', cause: { message: 'query_wait_timeout' } });
  });

  test.each([
    ['is not there', uniqueName('nobody'), '', 'cannot sign in there'],
    ['may not sign in', uniqueName('group'), 'NOLOGIN', 'cannot sign in there'],
    ['is a superuser', uniqueName('root'), 'LOGIN SUPERUSER', 'is a superuser there'],
  ])('is refused a role that %s', async (_what, role, attributes, message) => {
    if (attributes !== '') await runSql(server, `CREATE ROLE ${role} ${attributes}`);
    await using clinic = await Clinic.open(pooled(server, role));
    await expect(clinic.provision()).rejects.toMatchObject({ step: 'cluster', cause: { message: expect.stringContaining(message) } });
    await runSql(server, `DROP ROLE IF EXISTS ${role}`);
  });
});
