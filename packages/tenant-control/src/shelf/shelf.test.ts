import { setTimeout as sleep } from 'node:timers/promises';
import { latestMigration } from '@tenantry/prisma';
import { silentLogger, unseal } from '@tenantry/service';
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from 'vitest';
import { openClusterAdmin, type ClusterAdmin } from '../clusters/cluster-admin.ts';
import { openControlClient, type ControlClient } from '../control-client.ts';
import { databaseUrl } from '../postgres/connection.ts';
import { openInstallation, operator, runSql, uniqueName, type Installation } from '../testing/installation.ts';
import { Shelf } from './shelf.ts';

const server = inject('postgresUrl');
let installation: Installation;
let control: ControlClient;
let admin: ClusterAdmin;
/** Set by a test: what happens between the parts of making and discarding. */
let onPart: () => Promise<void> = async () => {};

beforeAll(async () => {
  installation = await openInstallation({ serverUrl: server });
  control = openControlClient({ url: installation.controlDatabaseUrl, applicationName: 'test', logger: silentLogger });
  admin = openClusterAdmin({ name: 'standard', adminUrl: server }, silentLogger);
});
afterEach(async () => {
  onPart = async () => {};
  await openShelf().refill(0);
});
afterAll(async () => {
  await admin?.[Symbol.asyncDispose]();
  await control?.[Symbol.asyncDispose]();
  await installation?.[Symbol.asyncDispose]();
});

function openShelf(): Shelf {
  const { keyRing } = installation;
  return new Shelf(admin, { db: control.db, keyRing, logger: silentLogger, onPart: async () => await onPart() });
}

const provision = async (firstOwner?: { email: string; name: string }) =>
  await installation.control.provisionTenant({ slug: uniqueName('t').replace('_', '-'), name: 'Acme', firstOwner }, { actor: operator });

interface Row {
  readonly id: string;
  readonly database_name: string;
  readonly ready: boolean;
}

const rows = async () =>
  await installation.query<Row>('SELECT id, database_name, ready_at IS NOT NULL AS ready FROM shelf ORDER BY created_at');

/** Names of databases and roles that are there, of those given. */
async function present(names: readonly string[]): Promise<string[]> {
  const found = await runSql<{ name: string }>(
    server,
    'SELECT datname::text AS name FROM pg_database WHERE datname = ANY($1) UNION ALL SELECT rolname FROM pg_roles WHERE rolname = ANY($1)',
    [names],
  );
  return found.map(({ name }) => name);
}

test('is filled to its size, and emptied to it', async () => {
  const shelf = openShelf();
  expect(await shelf.refill(2)).toEqual({ made: 2, discarded: 0 });
  expect(await shelf.refill(2)).toEqual({ made: 0, discarded: 0 });
  const names = (await rows()).map((row) => row.database_name);
  expect(await shelf.refill(1)).toEqual({ made: 0, discarded: 1 });
  const [kept = '', gone = ''] = names;
  expect((await rows()).map((row) => row.database_name)).toEqual([kept]);
  expect(await present([gone])).toEqual([]);
  expect(await present([kept])).toEqual([kept, kept]);
});

test('is filled by one at a time, however many want to', async () => {
  const changes = await Promise.all([1, 2, 3].map(async () => await openShelf().refill(2)));
  expect(changes.reduce((sum, { made }) => sum + made, 0)).toBe(2);
  expect(await rows()).toHaveLength(2);
});

describe('a database on it', () => {
  test('is taken by one at a time, the oldest first', async () => {
    const shelf = openShelf();
    await shelf.refill(3);
    const shelved = (await rows()).map(({ id }) => id);
    expect(await provision()).toMatchObject({ id: shelved[0] });
    const taken = await Promise.all([provision(), provision(), provision()]);
    expect(taken.map(({ id }) => id)).toEqual(expect.arrayContaining(shelved.slice(1)));
    expect(new Set(taken.map(({ id }) => id)).size).toBe(3);
    expect(await rows()).toEqual([]);
  });

  test('stays on it when the tenant that would have it is refused', async () => {
    const { slug } = await provision();
    await openShelf().refill(1);
    const again = installation.control.provisionTenant({ slug, name: 'Globex' }, { actor: operator });
    await expect(again).rejects.toThrow(`The slug "${slug}" is taken.`);
    expect(await rows()).toEqual([expect.objectContaining({ ready: true })]);
  });

  test('is for nobody once the schema has changed, and is discarded', async () => {
    const shelf = openShelf();
    await shelf.refill(1);
    const [old] = await rows();
    await installation.query(`UPDATE shelf SET template = 'tenantry_template_of_yesterday'`);
    expect((await provision()).id).not.toBe(old?.id);
    expect(await rows()).toEqual([old]);
    expect(await shelf.refill(1)).toEqual({ made: 1, discarded: 1 });
    expect(await present([old?.database_name ?? ''])).toEqual([]);
    const [fresh] = await rows();
    expect(await provision()).toMatchObject({ id: fresh?.id });
  });

  test('whose making was cut off is discarded, wherever that was', async () => {
    let left = 0;
    onPart = async () => {
      left -= 1;
      if (left <= 0) throw new Error('cut off');
    };
    const shelf = openShelf();
    for (let parts = 1; parts <= 4; parts += 1) {
      left = parts;
      // Discarding is cut off, too, so that what was made stays.
      await expect(shelf.refill(1)).rejects.toThrow('cut off');
    }
    onPart = async () => {};
    const names = (await rows()).map((row) => row.database_name);
    expect(names.length).toBeGreaterThan(0);
    await shelf.refill(1);
    expect(await present(names)).toEqual([]);
    expect(await rows()).toEqual([expect.objectContaining({ ready: true })]);
  });
});

test('one that cannot be dropped keeps it from nothing', async () => {
  const shelf = openShelf();
  await shelf.refill(1);
  const [stuck] = await rows();
  // A role that owns something elsewhere.
  const elsewhere = uniqueName('elsewhere');
  await runSql(server, `CREATE DATABASE ${elsewhere} OWNER ${stuck?.database_name}`);
  try {
    await installation.query(`UPDATE shelf SET template = 'tenantry_template_of_yesterday'`);
    expect(await shelf.refill(1)).toEqual({ made: 1, discarded: 0 });
  } finally {
    await runSql(server, `DROP DATABASE ${elsewhere}`);
  }
  expect(await shelf.refill(1)).toEqual({ made: 0, discarded: 1 });
});

test('what another one discards meanwhile is not taken for ready by who has made it', async () => {
  const name = uniqueName('maker');
  const url = new URL(server);
  url.searchParams.set('application_name', name);
  await using maker = openClusterAdmin({ name: 'standard', adminUrl: url.href }, silentLogger);
  const [verified, dropped, goOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  let parts = 0;
  const options = { db: control.db, keyRing: installation.keyRing, logger: silentLogger };
  const making = new Shelf(maker, {
    ...options,
    onPart: async () => {
      parts += 1;
      if (parts !== 5) return;
      verified.resolve();
      await dropped.promise;
    },
  }).refill(1);
  await verified.promise;
  // As when the way to the cluster was cut, which ends the session that keeps the others out.
  await runSql(server, 'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1', [name]);
  onPart = async () => {
    dropped.resolve();
    await goOn.promise;
  };
  const emptying = openShelf().refill(0);
  await dropped.promise;
  await sleep(300);
  expect(await rows()).toEqual([expect.objectContaining({ ready: false })]);
  goOn.resolve();
  expect(await emptying).toEqual({ made: 0, discarded: 1 });
  await expect(making).rejects.toThrow('was discarded by another process while it was made');
});

describe('a tenant that is provisioned while there is one', () => {
  test('gets it, and is like any other', async () => {
    const [other] = await Promise.all([provision(), openShelf().refill(1)]);
    const [shelved] = await rows();
    const tenant = await provision();
    expect(tenant).toMatchObject({ id: shelved?.id, status: 'ACTIVE', schemaVersion: latestMigration('tenant') });
    expect(await rows()).toEqual([]);
    const [own, others] = await Promise.all([tenant.id, other.id].map(async (id) => await installation.catalog.findPlacement(id)));
    if (!own || !others) throw new Error('a tenant is missing');
    const user = { user: own.role, password: unseal(own.sealedPassword, tenant.id, installation.keyRing) };
    expect(await runSql(databaseUrl(server, own.database, user), 'SELECT locale FROM tenant_settings')).toEqual([{ locale: 'en' }]);
    await expect(runSql(databaseUrl(server, others.database, user), 'SELECT 1')).rejects.toMatchObject({ code: '42501' });
    const [saga] = await installation.query<{ id: string }>('SELECT id FROM sagas WHERE tenant_id = $1', [tenant.id]);
    expect(await installation.control.findRun(saga?.id ?? '')).toMatchObject({
      state: 'DONE',
      steps: [
        { name: 'reservation', state: 'DONE' },
        { name: 'shelf', state: 'DONE' },
      ],
    });
  });

  test('has its first owner invited in it', async () => {
    await openShelf().refill(1);
    const [shelved] = await rows();
    const tenant = await provision({ email: 'ada@acme.example', name: 'Ada' });
    expect(tenant).toMatchObject({ id: shelved?.id, status: 'ACTIVE' });
    const url = databaseUrl(server, shelved?.database_name ?? '');
    expect(await runSql(url, 'SELECT email FROM users JOIN invitations ON user_id = users.id')).toEqual([{ email: 'ada@acme.example' }]);
  });

  test('leaves nothing behind when that fails', async () => {
    await openShelf().refill(1);
    const [shelved] = await rows();
    const name = shelved?.database_name ?? '';
    await runSql(databaseUrl(server, name), 'DROP TABLE invitations');
    await expect(provision({ email: 'ada@acme.example', name: 'Ada' })).rejects.toMatchObject({ name: 'ProvisioningError', step: 'seed' });
    expect(await present([name])).toEqual([]);
    expect(await installation.query('SELECT FROM tenants WHERE id = $1', [shelved?.id])).toEqual([]);
  });
});
