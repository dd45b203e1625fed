import { randomBytes, randomUUID } from 'node:crypto';
import { silentLogger } from '@tenantry/service';
import { afterEach, beforeEach, expect, inject, test } from 'vitest';
import { createTenantControl } from '../tenant-control.ts';
import { openInstallation, operator, runSql, uniqueName, type Installation } from '../testing/installation.ts';
import type { Tenant } from '../tenant.ts';
import type { FindingKind } from './finding.ts';

const server = inject('postgresUrl');
let installation: Installation;
let tenant: Tenant;
/** Both the database's and the role's. */
let name: string;

beforeEach(async () => {
  installation = await openInstallation({ serverUrl: server });
  tenant = await installation.control.provisionTenant({ slug: uniqueName('t').replace('_', '-'), name: 'Acme' }, { actor: operator });
  name = nameOf(tenant.id);
});
afterEach(async () => await installation?.[Symbol.asyncDispose]());

const nameOf = (id: string) => `tenant_${id.replaceAll('-', '')}`;

/** What is found of this installation's; the server has others, of other tests. */
async function find(fix = false) {
  const diagnoses = await installation.control.examine({ fix });
  return diagnoses
    .filter(({ kind }) => kind !== 'unknown-database' && kind !== 'unknown-role' && kind !== 'old-template')
    .map(({ kind, tenantId, outcome, isFixable }) => ({ kind, tenantId, outcome, isFixable }));
}

const found = (kind: FindingKind, isFixable = false) => ({ kind, tenantId: tenant.id, outcome: 'found', isFixable });

/** A saga of a tenant that is not there, as provisionings that were undone leave behind. */
async function makeHistory(): Promise<string> {
  const id = randomUUID();
  await installation.query(
    `INSERT INTO sagas (id, kind, tenant_id, state, input, issuer, subject, request_id)
     VALUES (gen_random_uuid(), 'PROVISION', $1, 'UNDONE', '{}', 'test', 'test', 'test')`,
    [id],
  );
  return id;
}

test('where all is well, nothing is found', async () => {
  expect(await find()).toEqual([]);
});

test.each<[FindingKind, string]>([
  ['missing-database', 'DROP DATABASE $name'],
  ['wrong-owner', 'ALTER DATABASE $name OWNER TO CURRENT_USER'],
  ['closed-database', 'ALTER DATABASE $name ALLOW_CONNECTIONS false'],
  ['login-refused', 'ALTER ROLE $name NOLOGIN'],
])('a tenant whose part on the cluster is not as the catalog says is found: %s', async (kind, damage) => {
  await runSql(server, damage.replace('$name', name));
  expect(await find()).toEqual([found(kind)]);
  expect(await find(true)).toEqual([found(kind)]);
});

test('a database that every role may connect to is found, and closed', async () => {
  await runSql(server, `GRANT CONNECT ON DATABASE ${name} TO PUBLIC`);
  expect(await find()).toEqual([found('open-database', true)]);
  expect(await find(true)).toEqual([{ ...found('open-database', true), outcome: 'fixed' }]);
  expect(await find()).toEqual([]);
});

test('a password that no key opens, and a schema that is behind, are found', async () => {
  await installation.query(`UPDATE tenants SET sealed_password = 'lost.c2VhbGVk', schema_version = '20200101000000_old' WHERE id = $1`, [
    tenant.id,
  ]);
  expect(await find()).toEqual([found('sealed-password'), found('schema-behind')]);
});

test('a schema of a later release is no trouble', async () => {
  await installation.query(`UPDATE tenants SET schema_version = '99990101000000_next'`);
  expect(await find()).toEqual([found('schema-ahead')]);
});

test('a tenant in the middle of a change is not taken for one that is not as it should be', async () => {
  await installation.query(
    `INSERT INTO sagas (id, kind, tenant_id, input, issuer, subject, request_id, state, fence, leased_until)
     SELECT gen_random_uuid(), 'HIBERNATE', id, '{}', 'test', 'test', 'test', 'RUNNING', 1, now() + interval '1 minute' FROM tenants`,
  );
  await installation.query(`UPDATE tenants SET status = 'HIBERNATED', hibernation = 'CLOSED'`);
  expect(await find()).toEqual([]);
});

test('logins that were replaced, or made for a process that has died, are found, and closed', async () => {
  await installation.control.rotateCredentials(tenant.id, operator, { atOnce: true });
  const comment = `Tenantry: login of tenant ${tenant.id}`;
  for (const role of [`${name}_v1`, `${name}_own_0123abcd`]) {
    await runSql(server, `CREATE ROLE ${role} LOGIN; COMMENT ON ROLE ${role} IS '${comment}'`);
  }
  await runSql(server, `ALTER ROLE ${name} LOGIN`);
  const leftover = found('leftover-login', true);
  expect(await find()).toEqual([leftover, leftover, leftover]);
  const closed = { ...leftover, outcome: 'fixed' };
  expect(await find(true)).toEqual([closed, closed, closed]);
  expect(await find()).toEqual([]);
  const logins = await runSql(server, `SELECT rolname FROM pg_roles WHERE starts_with(rolname, $1) AND rolcanlogin`, [name]);
  expect(logins).toEqual([{ rolname: `${name}_v2` }]);
});

test('a login that the catalog does not know stays when the one that it knows is gone', async () => {
  await installation.control.rotateCredentials(tenant.id, operator, { atOnce: true });
  await installation.query(`UPDATE tenants SET login_name = role_name, credential_version = 1`);
  expect(await find(true)).toEqual([found('login-refused'), found('leftover-login')]);
});

test('what is left of a tenant that the catalog has known is found, and dropped', async () => {
  const id = await makeHistory();
  const left = nameOf(id);
  await runSql(server, `CREATE ROLE ${left}`);
  await runSql(server, `CREATE DATABASE ${left} OWNER ${left}`);
  await runSql(server, `COMMENT ON DATABASE ${left} IS 'Tenantry: tenant ${id}'`);
  const orphans = (outcome: string) => [
    { kind: 'orphan-database', tenantId: id, isFixable: true, outcome },
    { kind: 'orphan-role', tenantId: id, isFixable: true, outcome },
  ];
  expect(await find()).toEqual(orphans('found'));
  expect(await find(true)).toEqual(orphans('fixed'));
  expect(await find()).toEqual([]);
});

test('what bears a tenant’s name, and is not known to be ours, is told of and stays', async () => {
  const [stranger, claimed] = [nameOf(randomUUID()), nameOf(await makeHistory())];
  for (const database of [stranger, claimed]) await runSql(server, `CREATE DATABASE ${database}`);
  try {
    const diagnoses = await installation.control.examine({ fix: true });
    expect(diagnoses.find(({ message }) => message.includes(stranger))).toMatchObject({ kind: 'unknown-database', outcome: 'found' });
    expect(diagnoses.find(({ message }) => message.includes(claimed))).toMatchObject({ kind: 'orphan-database', outcome: 'found' });
    const rows = await runSql(server, 'SELECT FROM pg_database WHERE datname = ANY($1)', [[stranger, claimed]]);
    expect(rows).toHaveLength(2);
  } finally {
    for (const database of [stranger, claimed]) await runSql(server, `DROP DATABASE ${database}`);
  }
});

test('a change that nobody runs is found, and taken up', async () => {
  await installation.query(
    `INSERT INTO sagas (id, kind, tenant_id, input, issuer, subject, request_id, state, fence, retry_at)
     SELECT gen_random_uuid(), kind, tenant_id, input, issuer, subject, request_id, 'RUNNING', 6, now() + interval '1 hour' FROM sagas`,
  );
  expect(await find()).toEqual([found('stuck-saga', true)]);
  await find(true);
  expect(await installation.query(`SELECT FROM sagas WHERE state IN ('RUNNING', 'UNDOING')`)).toEqual([]);
});

test('a tenant that waits for a change which is not there is found', async () => {
  await installation.query(`UPDATE tenants SET status = 'MIGRATING', created_at = now() - interval '1 hour'`);
  expect(await find()).toEqual([found('stuck-tenant')]);
});

test('what the shelf says is there and is not is found, and taken from it', async () => {
  const id = randomUUID();
  await installation.query(
    `INSERT INTO shelf (id, cluster_name, database_name, role_name, sealed_password, template, schema_version, ready_at)
     VALUES ($1, 'standard', $2, $2, 'sealed', 'template', 'version', now())`,
    [id, nameOf(id)],
  );
  expect(await find(true)).toEqual([{ kind: 'shelf-leftover', tenantId: id, isFixable: true, outcome: 'fixed' }]);
  await installation.control.refillShelves();
  expect(await installation.query('SELECT FROM shelf WHERE id = $1', [id])).toEqual([]);
});

test('clusters that do not answer, or are not named, are found, and the rest is looked at', async () => {
  await installation.query(
    `INSERT INTO clusters (name, host, port, updated_at) VALUES ('forgotten', 'db.example', 5432, now());
     UPDATE tenants SET cluster_name = 'forgotten'`,
  );
  const { controlDatabaseUrl, catalog } = installation;
  await using control = await createTenantControl({
    catalog,
    controlDatabaseUrl,
    clusters: [
      { name: 'down', adminUrl: 'postgres://nobody:none@127.0.0.1:1/postgres' },
      { name: 'standard', adminUrl: server },
    ],
    keyRing: new Map([['k1', randomBytes(32)]]),
    bus: { publish: async () => {}, subscribe: () => ({ [Symbol.dispose]: () => {} }) },
    logger: silentLogger,
    keepsHouse: false,
  });
  const kinds = (await control.examine()).map(({ kind, cluster }) => `${kind} ${cluster}`);
  expect(kinds).toContain('cluster-unreachable down');
  expect(kinds).toContain('cluster-unknown forgotten');
});
