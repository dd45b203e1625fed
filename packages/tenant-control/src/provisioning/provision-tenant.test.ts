import { latestMigration } from '@tenantry/prisma';
import { ConflictError, unseal } from '@tenantry/service';
import type { TenantPlacement } from '@tenantry/tenant-pool';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { databaseUrl } from '../postgres/connection.ts';
import { openInstallation, operator, runSql, uniqueName, type Installation } from '../testing/installation.ts';
import type { ProvisionInput } from './provision-input.ts';

const server = inject('postgresUrl');
let installation: Installation;

beforeAll(async () => void (installation = await openInstallation({ serverUrl: server })));
afterAll(async () => await installation[Symbol.asyncDispose]());

const provision = async (input: ProvisionInput, idempotencyKey?: string) =>
  await installation.control.provisionTenant(input, { actor: operator, idempotencyKey });

const uniqueSlug = () => uniqueName('t').replace('_', '-');

async function placementOf(id: string): Promise<TenantPlacement> {
  const placement = await installation.catalog.findPlacement(id);
  if (!placement) throw new Error(`no tenant ${id}`);
  return placement;
}

/** The URL with which a tenant connects to a database of the server; its own if none is named. */
async function tenantUrl(id: string, database?: string): Promise<string> {
  const placement = await placementOf(id);
  const password = unseal(placement.sealedPassword, id, installation.keyRing);
  return databaseUrl(server, database ?? placement.database, { user: placement.role, password });
}

describe('a tenant that was provisioned', () => {
  test('is ACTIVE, in the catalog, and published', async () => {
    const slug = uniqueSlug();
    const tenant = await provision({ slug, name: ' Acme ' });
    expect(tenant).toEqual({
      id: tenant.id,
      slug,
      name: 'Acme',
      tier: 'STANDARD',
      status: 'ACTIVE',
      schemaVersion: latestMigration('tenant'),
      clusterName: 'standard',
      createdAt: expect.any(Date),
      purgeAfter: null,
      lastActiveAt: null,
    });
    expect(await installation.catalog.findTenants([tenant.id])).toEqual([tenant]);
    expect(installation.published).toContain(tenant.id);
    const { hostname, port } = new URL(server);
    expect(await placementOf(tenant.id)).toMatchObject({
      slug,
      status: 'ACTIVE',
      host: hostname,
      port: Number(port),
      credentialVersion: 1,
    });
  });

  test('can use its database with its own role at once, and migrate it', async () => {
    const { id } = await provision({ slug: uniqueSlug(), name: 'Acme' });
    const url = await tenantUrl(id);
    await runSql(url, `INSERT INTO teams (id, name, updated_at) VALUES (gen_random_uuid(), 'One', now())`);
    expect(await runSql(url, 'SELECT name FROM teams')).toEqual([{ name: 'One' }]);
    expect(await runSql(url, 'SELECT locale, invitation_days FROM tenant_settings')).toEqual([{ locale: 'en', invitation_days: 14 }]);
    await runSql(url, `ALTER TABLE teams ADD COLUMN colour text; ALTER TYPE "UserRole" ADD VALUE 'GUEST'; CREATE TABLE extra ()`);
  });

  test('has invited its first owner, if one was named', async () => {
    const { id } = await provision({ slug: uniqueSlug(), name: 'Acme', firstOwner: { email: ' Ada@Acme.Example ', name: 'Ada' } });
    const rows = await runSql(
      await tenantUrl(id),
      `SELECT email, name, role, status, subject, invited_by_id, accepted_at, expires_at > now() + interval '13 days' AS lasts
       FROM users JOIN invitations ON user_id = users.id`,
    );
    expect(rows).toEqual([
      {
        email: 'ada@acme.example',
        name: 'Ada',
        role: 'OWNER',
        status: 'INVITED',
        subject: null,
        invited_by_id: null,
        accepted_at: null,
        lasts: true,
      },
    ]);
  });

  test('is measured', async () => {
    const { id } = await provision({ slug: uniqueSlug(), name: 'Acme' });
    expect(await installation.control.measureUsage([id])).toEqual([
      { databaseBytes: expect.toSatisfy((bytes: number) => bytes > 1_000_000), connections: 0 },
    ]);
  });
});

describe('the role of a tenant', () => {
  test('is refused by every database but its own', async () => {
    const [one, other] = await Promise.all([
      provision({ slug: uniqueSlug(), name: 'One' }),
      provision({ slug: uniqueSlug(), name: 'Other' }),
    ]);
    const control = new URL(installation.controlDatabaseUrl).pathname.slice(1);
    const { database: othersDatabase } = await placementOf(other.id);
    await runSql(await tenantUrl(one.id), 'SELECT 1');
    for (const database of [othersDatabase, control, 'postgres', 'template1']) {
      await expect(runSql(await tenantUrl(one.id, database), 'SELECT 1')).rejects.toMatchObject({ code: '42501' });
    }
    const templates = await runSql<{ datname: string }>(
      server,
      `SELECT datname FROM pg_database WHERE datistemplate AND datname <> 'template1'`,
    );
    expect(templates.length).toBeGreaterThan(1);
    for (const { datname } of templates) {
      await expect(runSql(await tenantUrl(one.id, datname), 'SELECT 1')).rejects.toMatchObject({ code: '55000' });
    }
  });

  test('may own its database and nothing else', async () => {
    const { id } = await provision({ slug: uniqueSlug(), name: 'Acme' });
    const { role, database } = await placementOf(id);
    const [attributes] = await runSql(server, 'SELECT * FROM pg_roles WHERE rolname = $1', [role]);
    expect(attributes).toMatchObject({
      rolsuper: false,
      rolcreatedb: false,
      rolcreaterole: false,
      rolinherit: false,
      rolreplication: false,
      rolbypassrls: false,
      rolcanlogin: true,
    });
    expect(await runSql(server, 'SELECT FROM pg_auth_members WHERE member = $1::regrole', [role])).toEqual([]);
    const databases = await runSql(server, 'SELECT datname FROM pg_database WHERE datdba = $1::regrole', [role]);
    expect(databases).toEqual([{ datname: database }]);
    for (const deed of [
      'CREATE ROLE friend',
      'CREATE DATABASE another',
      `COPY users TO PROGRAM 'cat'`,
      `SELECT pg_read_file('/etc/passwd')`,
    ]) {
      await expect(runSql(await tenantUrl(id), deed)).rejects.toMatchObject({ code: '42501' });
    }
  });

  test('has a password that Postgres never saw, and that opens nothing but its own seal', async () => {
    const [one, other] = await Promise.all([
      provision({ slug: uniqueSlug(), name: 'One' }),
      provision({ slug: uniqueSlug(), name: 'Other' }),
    ]);
    const { role, sealedPassword } = await placementOf(one.id);
    const [stored] = await runSql<{ rolpassword: string }>(server, 'SELECT rolpassword FROM pg_authid WHERE rolname = $1', [role]);
    const password = unseal(sealedPassword, one.id, installation.keyRing);
    expect(stored?.rolpassword).toMatch(/^SCRAM-SHA-256\$/);
    expect(password.length).toBeGreaterThanOrEqual(32);
    expect(sealedPassword).not.toContain(password);
    expect(() => unseal(sealedPassword, other.id, installation.keyRing)).toThrow('does not open');
  });
});

describe('the same slug', () => {
  test('asked for twenty times at once is given once, and is otherwise a conflict that says so', async () => {
    const slug = uniqueSlug();
    const attempts = await Promise.allSettled(Array.from({ length: 20 }, async () => await provision({ slug, name: 'Acme' })));
    expect(attempts.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const attempt of attempts) {
      if (attempt.status === 'fulfilled') continue;
      expect(attempt.reason).toBeInstanceOf(ConflictError);
      expect(attempt.reason).toMatchObject({ code: 'CONFLICT', message: `The slug "${slug}" is taken.` });
    }
    const rows = await installation.query<{ id: string; database_name: string }>('SELECT id, database_name FROM tenants WHERE slug = $1', [
      slug,
    ]);
    expect(rows).toHaveLength(1);
  });

  test('stays taken while its tenant is suspended', async () => {
    const { id, slug } = await provision({ slug: uniqueSlug(), name: 'Acme' });
    await installation.control.suspendTenant(id, operator);
    await expect(provision({ slug, name: 'Another' })).rejects.toThrow(`The slug "${slug}" is taken.`);
  });
});

describe('the same idempotency key', () => {
  test('gives the same tenant, also to callers at the same time', async () => {
    const input = { slug: uniqueSlug(), name: 'Acme', firstOwner: { email: 'ada@acme.example', name: 'Ada' } };
    const tenants = await Promise.all(Array.from({ length: 6 }, async () => await provision(input, `key-${input.slug}`)));
    const again = await provision(
      { ...input, tier: 'STANDARD', firstOwner: { email: 'ADA@acme.example', name: ' Ada' } },
      `key-${input.slug}`,
    );
    expect(new Set([...tenants, again].map(({ id }) => id)).size).toBe(1);
    expect(new Set(tenants.map(({ status }) => status))).toEqual(new Set(['ACTIVE']));
  });

  test('with another input is a conflict', async () => {
    const input = { slug: uniqueSlug(), name: 'Acme' };
    const key = `key-${input.slug}`;
    await provision(input, key);
    const others: ProvisionInput[] = [
      { ...input, slug: uniqueSlug() },
      { ...input, name: 'Another' },
      { ...input, tier: 'PREMIUM' },
      { ...input, firstOwner: { email: 'ada@acme.example', name: 'Ada' } },
    ];
    for (const other of others) {
      await expect(provision(other, key)).rejects.toThrow(`The idempotency key "${key}" was used for another input before`);
    }
  });

  test('from another caller is another key', async () => {
    const key = uniqueName('key');
    const one = await provision({ slug: uniqueSlug(), name: 'Acme' }, key);
    for (const actor of [
      { ...operator, subject: 'somebody else' },
      { ...operator, issuer: 'https://elsewhere.example' },
    ]) {
      const other = await installation.control.provisionTenant({ slug: uniqueSlug(), name: 'Globex' }, { actor, idempotencyKey: key });
      expect(other.id).not.toBe(one.id);
    }
  });

  test.each(['', 'x'.repeat(201), 'nul\0', 'line\n', 'half \ud83d'])('must be fit to be one: %j', async (key) => {
    await expect(provision({ slug: uniqueSlug(), name: 'Acme' }, key)).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
  });
});

test('a cluster that is not there is refused, and named with those that are', async () => {
  const attempt = provision({ slug: uniqueSlug(), name: 'Acme', cluster: 'moon' });
  await expect(attempt).rejects.toMatchObject({ code: 'BAD_USER_INPUT', message: 'There is no cluster "moon"; there is standard.' });
});

test('a key that is refused for another input is in the audit log, whatever text it is', async () => {
  const key = uniqueName(String.raw`"\u0000" %s 漢字 😀 `);
  await provision({ slug: uniqueSlug(), name: 'Acme' }, key);
  const slug = uniqueSlug();
  await expect(provision({ slug, name: 'Acme' }, key)).rejects.toMatchObject({ code: 'CONFLICT' });
  const rows = await installation.query('SELECT outcome, detail FROM audit_log ORDER BY at DESC, id DESC LIMIT 1');
  expect(rows).toEqual([{ outcome: 'DENIED', detail: { reason: 'IdempotencyKeyReusedError' } }]);
});

test('what was done and what was refused is in the audit log, and not who the tenant is', async () => {
  const slug = uniqueSlug();
  const { id } = await provision({ slug, name: 'Acme' });
  await expect(provision({ slug, name: 'Acme' })).rejects.toThrow(ConflictError);
  const rows = await installation.query(
    'SELECT action, subject, tenant_id, outcome, detail FROM audit_log WHERE tenant_id = $1 OR tenant_id IS NULL ORDER BY at DESC, id DESC LIMIT 2',
    [id],
  );
  const common = { action: 'tenant.provision', subject: operator.subject };
  expect(rows).toEqual([
    { ...common, tenant_id: null, outcome: 'DENIED', detail: { reason: 'SlugTakenError' } },
    { ...common, tenant_id: id, outcome: 'ALLOWED', detail: { cluster: 'standard' } },
  ]);
});
