import { silentLogger, unseal } from '@tenantry/service';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { closeCluster } from '../clusters/close-cluster.ts';
import { openClusterAdmin } from '../clusters/cluster-admin.ts';
import { databaseUrl } from '../postgres/connection.ts';
import { openInstallation, operator, runSql, uniqueName, type Installation } from '../testing/installation.ts';

const server = inject('postgresUrl');
const administrator = uniqueName('administrator');
let installation: Installation;
let failAt: string | null = null;

beforeAll(async () => {
  await runSql(server, `CREATE ROLE ${administrator} LOGIN CREATEDB CREATEROLE PASSWORD 'secret'`);
  await runSql(server, `CREATE DATABASE ${administrator} OWNER ${administrator}`);
  // To close the server's own databases takes their owner, once.
  await using superuser = openClusterAdmin({ name: 'server', adminUrl: server }, silentLogger);
  await closeCluster(superuser, silentLogger);
  const adminUrl = databaseUrl(server, administrator, { user: administrator, password: 'secret' });
  installation = await openInstallation({
    serverUrl: server,
    clusters: [{ name: 'managed', adminUrl }],
    reachFaultPoint: async ({ step, direction, at }) => {
      if (step === failAt && direction === 'run' && at === 'before') throw new Error('sabotage');
    },
  });
});

afterAll(async () => {
  await installation[Symbol.asyncDispose]();
  const templates = await runSql<{ datname: string }>(server, 'SELECT datname FROM pg_database WHERE datdba = $1::regrole', [
    administrator,
  ]);
  for (const { datname } of templates) {
    await runSql(server, `ALTER DATABASE ${datname} IS_TEMPLATE false`);
    await runSql(server, `DROP DATABASE ${datname}`);
    await runSql(server, `DROP ROLE IF EXISTS ${datname}_owner`);
  }
  await runSql(server, `DROP ROLE ${administrator}`);
});

test('an administrator with CREATEDB and CREATEROLE, and nothing else, is enough to provision and measure', async () => {
  const tenant = await installation.control.provisionTenant(
    { slug: 'acme', name: 'Acme', firstOwner: { email: 'ada@acme.example', name: 'Ada' } },
    { actor: operator },
  );
  expect(tenant).toMatchObject({ status: 'ACTIVE', clusterName: 'managed' });
  const placement = await installation.catalog.findPlacement(tenant.id);
  if (!placement) throw new Error('the tenant has no placement');
  const password = unseal(placement.sealedPassword, tenant.id, installation.keyRing);
  const credentials = { user: placement.role, password };
  expect(await runSql(databaseUrl(server, placement.database, credentials), 'SELECT email FROM users')).toEqual([
    { email: 'ada@acme.example' },
  ]);
  await expect(runSql(databaseUrl(server, 'postgres', credentials), 'SELECT 1')).rejects.toMatchObject({ code: '42501' });
  expect(await installation.control.measureUsage([tenant.id])).toEqual([
    { databaseBytes: expect.toSatisfy((bytes: number) => bytes > 1_000_000), connections: expect.any(Number) },
  ]);
});

test('it can undo what it did, too', async () => {
  failAt = 'activation';
  await expect(installation.control.provisionTenant({ slug: 'globex', name: 'Globex' }, { actor: operator })).rejects.toThrow('was undone');
  expect(await installation.query(`SELECT slug FROM tenants WHERE slug = 'globex'`)).toEqual([]);
  const owned = await runSql<{ datname: string }>(
    server,
    `SELECT datname FROM pg_database WHERE datdba = ANY(
    SELECT roleid FROM pg_auth_members WHERE member = $1::regrole)`,
    [administrator],
  );
  expect(owned).toHaveLength((await installation.query('SELECT FROM tenants')).length);
});
