import { silentLogger } from '@tenantry/service';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { openClusterAdmin } from '../clusters/cluster-admin.ts';
import { openControlClient } from '../control-client.ts';
import { openInstallation, operator, runSql, uniqueName, type Installation } from '../testing/installation.ts';
import { Sagas } from '../sagas/sagas.ts';
import { Shelves } from '../shelf/shelves.ts';
import { ProvisioningContext } from './provisioning-context.ts';
import { cloningSteps, provisioningSaga } from './provisioning-saga.ts';
import { reserve } from './reservation.ts';

const server = inject('postgresUrl');
const input = { slug: 'acme', name: 'Acme', firstOwner: { email: 'ada@acme.example', name: 'Ada' } };
let installation: Installation;

/** What happens before a step; set by a test. */
let sabotage: (step: string, name: string) => Promise<void>;
/** Names of the database and the role of every tenant that was begun. */
const begun = new Set<string>();

beforeAll(async () => {
  installation = await openInstallation({
    serverUrl: server,
    reachFaultPoint: async ({ step, direction, at, tenantId }) => {
      if (direction !== 'run' || at !== 'before') return;
      const name = `tenant_${tenantId.replaceAll('-', '')}`;
      begun.add(name);
      await sabotage(step, name);
    },
  });
});
afterAll(async () => await installation[Symbol.asyncDispose]());

const provision = async (idempotencyKey?: string) => await installation.control.provisionTenant(input, { actor: operator, idempotencyKey });

/** Databases, roles and catalog rows of the tenants that were begun. */
async function remains(): Promise<unknown[]> {
  const names = [...begun];
  return [
    ...(await runSql(server, 'SELECT datname FROM pg_database WHERE datname = ANY($1)', [names])),
    ...(await runSql(server, 'SELECT rolname FROM pg_roles WHERE rolname = ANY($1)', [names])),
    ...(await installation.query('SELECT slug, status FROM tenants')),
    ...(await installation.query('SELECT key FROM idempotency_keys')),
  ];
}

describe('a failure', () => {
  // The first one is done by the statement that the saga begins with.
  test.each(cloningSteps.slice(1).map(({ name }) => name))('before the step "%s" leaves nothing behind', async (failing) => {
    sabotage = async (step) => {
      if (step === failing) throw new Error('sabotage');
    };
    const key = uniqueName('key');
    const before = begun.size;
    await expect(provision(key)).rejects.toMatchObject({ name: 'ProvisioningError', step: failing, cause: { message: 'sabotage' } });
    expect(begun.size).toBe(before + 1);
    expect(await remains()).toEqual([]);
    const [last] = await installation.query(`SELECT outcome, detail FROM audit_log ORDER BY at DESC, id DESC LIMIT 1`);
    expect(last).toEqual({ outcome: 'FAILED', detail: { step: failing } });
  });

  test('of Postgres itself in the middle of a step leaves nothing behind', async () => {
    sabotage = async (step, name) => {
      if (step === 'seed') await runSql(server.replace(/postgres$/, name), 'DROP TABLE invitations');
      if (step === 'verification') throw new Error('the seed should have failed');
    };
    await expect(provision()).rejects.toMatchObject({ step: 'seed', cause: { code: '42P01' } });
    expect(await remains()).toEqual([]);
  });

  test.each([
    ['a table that the role does not own', 'ALTER TABLE teams OWNER TO CURRENT_USER', 'does not own teams'],
    ['a schema that is not the newest', 'DELETE FROM _prisma_migrations', 'has the schema version null'],
    ['settings that are missing', 'DELETE FROM tenant_settings', 'has 0 rows of settings'],
  ])('is noticed by the verification: %s', async (_what, damage, message) => {
    sabotage = async (step, name) => {
      if (step === 'verification') await runSql(server.replace(/postgres$/, name), damage);
    };
    await expect(provision()).rejects.toMatchObject({ step: 'verification', cause: { message: expect.stringContaining(message) } });
    expect(await remains()).toEqual([]);
  });

  test('lets the same request try again, with the same key', async () => {
    let failures = 0;
    sabotage = async (step) => {
      if (step === 'activation' && failures++ === 0) throw new Error('sabotage');
    };
    const key = uniqueName('key');
    const attempts = await Promise.allSettled([provision(key), provision(key), provision(key)]);
    const [tenant, ...others] = attempts.flatMap((attempt) => (attempt.status === 'fulfilled' ? [attempt.value] : []));
    expect(attempts.filter(({ status }) => status === 'rejected')).toHaveLength(1);
    expect(others.map(({ id }) => id)).toEqual([tenant?.id]);
    expect(await installation.query('SELECT slug, status FROM tenants')).toEqual([{ slug: 'acme', status: 'ACTIVE' }]);
    await installation.query('UPDATE tenants SET slug = $1', [uniqueName('kept').replace('_', '-')]);
  });
});

test('what cannot be undone leaves the tenant FAILED with its step, and its slug taken, until it can', async () => {
  sabotage = async (step, name) => {
    if (step !== 'verification') return;
    // Whose else's it could be is not this saga's to drop.
    await runSql(server, `COMMENT ON DATABASE ${name} IS 'mine'`);
    throw new Error('sabotage');
  };
  await expect(provision()).rejects.toThrow('could not be undone yet: the tenant is FAILED until it is');
  const [failed] = await installation.query<{ status: string; failed_step: string; database_name: string }>(
    `SELECT status, failed_step, database_name FROM tenants WHERE slug = 'acme'`,
  );
  expect(failed).toMatchObject({ status: 'FAILED', failed_step: 'database' });
  sabotage = async () => {};
  await expect(provision()).rejects.toThrow('The slug "acme" is taken.');

  await runSql(
    server,
    `COMMENT ON DATABASE ${failed?.database_name} IS NULL; ALTER DATABASE ${failed?.database_name} ALLOW_CONNECTIONS false`,
  );
  expect(await installation.control.resumeSagas()).toBe(0);
  await installation.query('UPDATE sagas SET retry_at = now() WHERE retry_at IS NOT NULL');
  expect(await installation.control.resumeSagas()).toBe(1);
  expect(await runSql(server, 'SELECT FROM pg_database WHERE datname = $1', [failed?.database_name])).toEqual([]);
  expect(await runSql(server, 'SELECT FROM pg_roles WHERE rolname = $1', [failed?.database_name])).toEqual([]);
  expect(await installation.query(`SELECT FROM tenants WHERE slug = 'acme'`)).toEqual([]);
  expect(await installation.query(`SELECT error FROM sagas WHERE state = 'UNDONE' ORDER BY finished_at DESC LIMIT 1`)).toEqual([
    { error: 'sabotage' },
  ]);
});

test('each step can be run again after it was done, and undone again after it was undone', async () => {
  const { controlDatabaseUrl, keyRing } = installation;
  await using control = openControlClient({ url: controlDatabaseUrl, applicationName: 'test', logger: silentLogger });
  await using admin = openClusterAdmin({ name: 'standard', adminUrl: server }, silentLogger);
  const services = { db: control.db, keyRing, clusters: new Map([['standard', admin]]), restore: null };
  const sagas = new Sagas({ db: control.db, logger: silentLogger });
  sagas.define(provisioningSaga(services));
  const specification = { ...input, slug: uniqueName('t').replace('_', '-') };
  const request = { specification, clusterName: 'standard', actor: operator, idempotencyKey: null, backupId: null };
  const reservation = await reserve(request, {
    ...services,
    pool: control.pool,
    sagas,
    shelves: new Shelves(new Map(), [], { ...services, logger: silentLogger }),
  });
  if (reservation.kind !== 'begun') throw new Error('the slug should have been free');

  using saga = reservation.saga;
  await using context = new ProvisioningContext({ ...services, saga, middle: async () => {} });
  const { tenant } = context;
  const steps = cloningSteps.filter(({ name }) => name !== 'activation');
  for (const step of steps) for (const _time of ['once', 'again']) await step.run(context);
  expect(
    await runSql(server.replace(/postgres$/, tenant.databaseName), 'SELECT email FROM users JOIN invitations ON user_id = users.id'),
  ).toEqual([{ email: 'ada@acme.example' }]);
  for (const step of steps.toReversed()) for (const _time of ['once', 'again']) await step.undo(context);
  expect(await runSql(server, 'SELECT FROM pg_database WHERE datname = $1', [tenant.databaseName])).toEqual([]);
  expect(await runSql(server, 'SELECT FROM pg_roles WHERE rolname = $1', [tenant.roleName])).toEqual([]);
  expect(await installation.query('SELECT FROM tenants WHERE id = $1', [tenant.id])).toEqual([]);
});

test('a tenant that was suspended before its provisioning was told to have ended stays so, and is free for other changes', async () => {
  sabotage = async () => {};
  const { control } = installation;
  const tenant = await control.provisionTenant({ slug: uniqueName('t').replace('_', '-'), name: 'Acme' }, { actor: operator });
  await control.suspendTenant(tenant.id, operator);
  await installation.query(`UPDATE sagas SET state = 'RUNNING', finished_at = NULL WHERE tenant_id = $1`, [tenant.id]);
  await installation.query(
    `UPDATE saga_steps SET state = 'RUNNING' WHERE name = 'activation' AND saga_id IN
    (SELECT id FROM sagas WHERE tenant_id = $1)`,
    [tenant.id],
  );
  await control.resumeSagas();
  expect(await installation.query('SELECT state FROM sagas WHERE tenant_id = $1', [tenant.id])).toEqual([{ state: 'DONE' }]);
  expect(await control.resumeTenant(tenant.id, operator)).toMatchObject({ status: 'ACTIVE' });
});

test('the database of a tenant that is served is never dropped, whatever its saga says', async () => {
  sabotage = async () => {};
  const tenant = await installation.control.provisionTenant({ slug: uniqueName('t').replace('_', '-'), name: 'Acme' }, { actor: operator });
  await installation.query(`UPDATE sagas SET state = 'UNDOING', leased_until = NULL WHERE tenant_id = $1`, [tenant.id]);
  await installation.control.resumeSagas();
  const [saga] = await installation.query<{ state: string }>('SELECT state FROM sagas WHERE tenant_id = $1', [tenant.id]);
  expect(saga?.state).toBe('UNDOING');
  const name = `tenant_${tenant.id.replaceAll('-', '')}`;
  expect(await runSql(server, 'SELECT datname FROM pg_database WHERE datname = $1', [name])).toEqual([{ datname: name }]);
  expect(await installation.query('SELECT status FROM tenants WHERE id = $1', [tenant.id])).toEqual([{ status: 'ACTIVE' }]);
});
