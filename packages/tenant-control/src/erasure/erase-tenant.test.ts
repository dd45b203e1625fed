import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { escapeIdentifier } from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { openFolderStore } from '../backups/stores/folder-store.ts';
import type { BackupStore } from '../backups/stores/backup-store.ts';
import { jobsSchema } from '../jobs/jobs-schema.ts';
import { tenantFlag } from '../jobs/tenant-flag.ts';
import { namesOf } from '../tenant-databases/owned-database.ts';
import type { Tenant } from '../tenant.ts';
import { openInstallation, operator, runSql, uniqueName, type Installation } from '../testing/installation.ts';
import type { CertificateDocument } from './certificate-document.ts';
import { verifyCertificate, type ErasureCertificate } from './certificate.ts';
import { signingKeysOf } from './signing-key.ts';
import { listStored } from './stored-files.ts';

const server = inject('postgresUrl');
const cleanup = new AsyncDisposableStack();
let installation: Installation;
let store: BackupStore;
let tenant: Tenant;
/** Called before the store writes a file. */
let beforePut: (() => Promise<void>) | null = null;
/** Called before the step "absence". */
let beforeAbsence: (() => Promise<void>) | null = null;

beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tenantry-erasure-'));
  cleanup.defer(async () => await rm(folder, { recursive: true }));
  const files = openFolderStore(folder);
  store = { ...files, put: async (...file) => (await beforePut?.(), await files.put(...file)) };
  installation = cleanup.use(
    await openInstallation({
      serverUrl: server,
      store,
      clusters: [
        { name: 'standard', adminUrl: server },
        { name: 'premium', adminUrl: server },
      ],
      reachFaultPoint: async ({ step, at }) => {
        if (step === 'absence' && at === 'before') await beforeAbsence?.();
      },
    }),
  );
});
afterAll(async () => await cleanup.disposeAsync());

/** Who the tenant's first owner is; nobody else's. */
let surname: string;
let email: string;

beforeEach(async () => {
  [beforePut, beforeAbsence] = [null, null];
  [surname, email] = [uniqueName('Acheson'), `${uniqueName('ada')}@acme.example`];
  const slug = uniqueName('t').replace('_', '-');
  const input = { slug, name: `Acme ${surname}`, firstOwner: { email, name: surname } };
  tenant = await installation.control.provisionTenant(input, { actor: operator, idempotencyKey: slug });
});

const erase = async (confirmSlug = tenant.slug) => await installation.control.eraseTenant(tenant.id, operator, { confirmSlug });

function checked(certificate: ErasureCertificate): CertificateDocument {
  return verifyCertificate(
    certificate,
    signingKeysOf(installation.keyRing).map(({ publicKey }) => publicKey),
  );
}

/** Databases and roles that bear the tenant's id. */
async function remains(): Promise<string[]> {
  const rows = await runSql<{ name: string }>(
    server,
    `SELECT datname AS name FROM pg_database, shobj_description(oid, 'pg_database') AS comment
     WHERE starts_with(datname, $1) OR strpos(comment, $2) > 0
     UNION ALL SELECT rolname FROM pg_roles WHERE starts_with(rolname, $1)`,
    [namesOf(tenant.id).databaseName, tenant.id],
  );
  return rows.map(({ name }) => name);
}

/** Tables of the control database with a row that holds any of the words. */
async function tablesWith(...words: string[]): Promise<string[]> {
  const tables = await installation.query<{ name: string }>(
    `SELECT relname AS name FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace`,
  );
  const found: string[] = [];
  for (const { name } of tables) {
    const [row] = await installation.query<{ there: boolean }>(
      `SELECT EXISTS (SELECT FROM ${escapeIdentifier(name)} AS t, unnest($1::text[]) AS word WHERE strpos(t::text, word) > 0) AS there`,
      [words],
    );
    if (row?.there) found.push(name);
  }
  return found;
}

async function orphan(kind: string): Promise<void> {
  await installation.query(
    `INSERT INTO sagas (id, kind, tenant_id, input, issuer, subject, request_id, leased_until)
     VALUES (gen_random_uuid(), $1::"SagaKind", $2, '{}', 'i', 's', 'r', now() - interval '1 s')`,
    [kind, tenant.id],
  );
}

describe('of a tenant that is erased', () => {
  test('nothing is left that tells who it was, and a certificate says what was removed', async () => {
    const { control, catalog } = installation;
    const renamed = uniqueName('r').replace('_', '-');
    await control.renameTenant(tenant.id, { slug: renamed }, operator);
    await expect(control.provisionTenant({ slug: renamed, name: surname }, { actor: operator })).rejects.toThrow('is taken');
    await control.rotateCredentials(tenant.id, operator, { atOnce: true });
    const { key } = await control.exportTenant(tenant.id, operator);
    const kept = await control.backUpTenant(tenant.id, operator);
    const { id: removedBefore } = await control.backUpTenant(tenant.id, operator);
    await control.removeBackup(removedBefore, operator);
    const copy = await control.restoreBackup(kept.id, operator, { into: { slug: uniqueName('c').replace('_', '-'), name: 'Copy' } });
    await installation.query(`INSERT INTO usage_samples (tenant_id, database_bytes) VALUES ($1, 1)`, [tenant.id]);
    const queued = `SELECT FROM ${jobsSchema}.jobs WHERE flags ? $1`;
    await installation.query(`SELECT ${jobsSchema}.add_job('any', '{"of": "${surname}"}', flags => ARRAY[$1])`, [tenantFlag(tenant.id)]);
    expect(await installation.query(queued, [tenantFlag(tenant.id)])).toHaveLength(1);
    installation.published.length = 0;

    const certificate = await erase(renamed);

    expect(await remains()).toEqual([]);
    expect(await tablesWith(tenant.slug, renamed, surname, email)).toEqual([]);
    expect(await installation.query(queued, [tenantFlag(tenant.id)])).toEqual([]);
    for await (const file of listStored(store, tenant.id)) expect(file).toBeNull();
    expect(await catalog.findBackup(kept.id)).toMatchObject({ state: 'REMOVED' });
    expect(await catalog.findTenants([tenant.id])).toMatchObject([{ status: 'DELETED', name: '' }]);
    expect(new Set(installation.published)).toEqual(new Set([tenant.id]));
    expect(await catalog.findErasureCertificate(tenant.id.toUpperCase())).toEqual(certificate);
    const { databaseName: name } = namesOf(tenant.id);
    expect(checked(certificate)).toMatchObject({
      id: certificate.id,
      tenantId: tenant.id,
      requested: { by: { issuer: operator.issuer, subject: operator.subject }, requestId: operator.requestId },
      removed: {
        databases: [{ cluster: 'standard', name }],
        roles: expect.arrayContaining([{ cluster: 'standard', name }]),
        backups: [{ id: kept.id, store: store.name, key: kept.key, checksum: kept.checksum, bytes: kept.bytes }],
        exports: [{ store: store.name, key, bytes: expect.any(Number) }],
        usageSamples: 1,
        idempotencyKeys: 1,
      },
      absence: {
        observations: expect.arrayContaining([
          { what: expect.any(String), where: 'cluster premium', found: 0 },
          { what: expect.any(String), where: store.name, found: 0 },
          { what: 'idempotency keys', where: 'the control database', found: 0 },
          { what: 'queued jobs', where: 'the control database', found: 0 },
        ]),
      },
      outOfReach: expect.arrayContaining([expect.stringContaining(`The tenant ${copy.id}, which was made of a backup`)]),
      signer: { keyId: certificate.keyId },
    });
    const [run] = await catalog.findLatestRuns([tenant.id], 1);
    expect(run).toMatchObject({ kind: 'PURGE', state: 'DONE', error: null });
  });

  test('also what a move, a restore or a test of a backup has left goes', async () => {
    const { databaseName, roleName } = namesOf(tenant.id);
    const aside = `${databaseName}_aside`;
    // No name that sweeps of other tests take for an abandoned one.
    const scratch = `${uniqueName('tenantry_scratch')}_kept`;
    for (const database of [aside, scratch]) {
      await runSql(server, `CREATE DATABASE ${database} OWNER ${roleName}`);
      await runSql(server, `COMMENT ON DATABASE ${database} IS 'Tenantry: made for tenant ${tenant.id}'`);
    }
    await runSql(server, `CREATE ROLE ${scratch}`);
    await runSql(server, `COMMENT ON ROLE ${scratch} IS 'Tenantry: made for tenant ${tenant.id}'`);
    const bystander = uniqueName('bystander');
    await runSql(server, `CREATE DATABASE ${bystander}`);
    await runSql(server, `COMMENT ON DATABASE ${bystander} IS 'Tenantry: tenant ${tenant.id}'`);
    const former = { store: 's3://former/', key: `exports/${tenant.id}/one` };
    for (const [action, key] of [
      ['tenant.export', former.key],
      ['tenant.export', 'removed'],
      ['export.remove', 'removed'],
    ] as const) {
      await installation.catalog.recordAudit({ ...operator, action, tenantId: tenant.id, outcome: 'ALLOWED', detail: { ...former, key } });
    }
    const { removed, outOfReach } = checked(await erase());
    expect(outOfReach.filter((line) => line.includes('s3:'))).toEqual([
      expect.stringContaining(`The export ${former.key} in s3://former/`),
    ]);
    await runSql(server, `DROP DATABASE ${bystander}`);
    expect(removed.databases.map(({ name }) => name)).toEqual(expect.arrayContaining([databaseName, aside, scratch]));
    expect(removed.roles.map(({ name }) => name)).toEqual(expect.arrayContaining([roleName, scratch]));
    expect(await remains()).toEqual([]);
    expect(await runSql(server, 'SELECT FROM pg_roles WHERE rolname = $1', [scratch])).toEqual([]);
  });

  test('a database that has its name, and is marked as nobody’s, keeps the certificate back until somebody has seen to it', async () => {
    const stray = `${namesOf(tenant.id).databaseName}_stray`;
    await runSql(server, `CREATE DATABASE ${stray}`);
    await expect(erase()).rejects.toMatchObject({ step: 'database', cause: { name: 'ForeignDatabaseError' } });
    expect(await installation.catalog.findErasureCertificate(tenant.id)).toBeNull();
    await runSql(server, `DROP DATABASE ${stray}`);
    checked(await erase('whatever, for it goes on'));
    expect(await remains()).toEqual([]);
  });

  test('there is no certificate while somebody still writes an export: were they killed, it would stay', async () => {
    const { control, catalog } = installation;
    const [writing, going] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    beforePut = async () => {
      writing.resolve();
      await going.promise;
    };
    const attempt = control.exportTenant(tenant.id, operator).catch((error: unknown) => error);
    await writing.promise;
    const erasing = erase();
    const step = async () => (await catalog.findLatestRuns([tenant.id], 1))[0]?.steps.at(-1)?.name;
    await expect.poll(step, { timeout: 10_000 }).toBe('exports');
    await expect(control.exportTenant(tenant.id, operator)).rejects.toMatchObject({ name: 'TenantInTransitionError' });
    expect(await catalog.findErasureCertificate(tenant.id)).toBeNull();
    going.resolve();
    checked(await erasing);
    expect(await attempt).toBeInstanceOf(Error);
    for await (const file of listStored(store, tenant.id)) expect(file).toBeNull();
  });

  test('there is no certificate while anything is found', async () => {
    const key = `exports/${tenant.id}/late/User.ndjson`;
    beforeAbsence = async () => await store.put(key, [Buffer.from('{}\n')]);
    await expect(erase()).rejects.toMatchObject({
      step: 'absence',
      cause: { name: 'RemainsError', message: expect.stringContaining(`the file ${key}`) },
    });
    expect(await installation.catalog.findErasureCertificate(tenant.id)).toBeNull();
    beforeAbsence = null;
    await store.remove(key);
    checked(await erase());
  });
});

describe('a tenant is erased', () => {
  test.each([
    ['SUSPENDED', async () => await installation.control.suspendTenant(tenant.id, operator)],
    ['HIBERNATED', async () => await installation.control.hibernateTenant(tenant.id, operator)],
    ['DELETING', async () => await installation.control.deleteTenant(tenant.id, operator)],
    ['DELETED', async () => await installation.control.purgeTenant(tenant.id, operator, { early: true }), 'DELETING'],
  ])('that is %s', async (status, bring, first?: string) => {
    if (first === 'DELETING') await installation.control.deleteTenant(tenant.id, operator);
    expect(await bring()).toMatchObject({ status });
    const [{ slug } = tenant] = await installation.catalog.findTenants([tenant.id]);
    expect(checked(await erase(slug)).tenantId).toBe(tenant.id);
    expect(await remains()).toEqual([]);
    expect(await tablesWith(tenant.slug, surname, email)).toEqual([]);
  });

  test.each([
    ['FAILED', 'HIBERNATE'],
    ['PROVISIONING', 'PROVISION'],
    ['WAKING', 'WAKE'],
    ['MIGRATING', 'MOVE'],
    ['ACTIVE', 'ROTATE'],
    ['DELETING', 'PURGE'],
  ])('that is %s, with a change (%s) that nobody finishes', async (status, kind) => {
    await orphan(kind);
    await installation.query('UPDATE tenants SET status = $1::"TenantStatus", failed_step = $3 WHERE id = $2', [
      status,
      tenant.id,
      status === 'FAILED' ? 'status' : null,
    ]);
    checked(await erase());
    expect(await remains()).toEqual([]);
    expect(await installation.query(`SELECT FROM sagas WHERE tenant_id = $1 AND state IN ('RUNNING', 'UNDOING')`, [tenant.id])).toEqual([]);
  });

  test('once for all who ask at the same time, and never again', async () => {
    const certificates = await Promise.all(Array.from({ length: 4 }, async () => await erase()));
    expect(new Set(certificates.map(({ id }) => id)).size).toBe(1);
    expect(await erase('any slug')).toEqual(certificates[0]);
    expect(await installation.control.purgeTenant(tenant.id, operator)).toMatchObject({ status: 'DELETED' });
  });
});

const audit = async () =>
  await installation.query(`SELECT outcome, detail FROM audit_log WHERE tenant_id = $1 AND action = 'tenant.erase'`, [tenant.id]);

describe('a tenant is not erased', () => {
  test('for whoever says something else in place of its slug; that is on record', async () => {
    const others = ['', 'acme', tenant.slug.toUpperCase(), `${tenant.slug} `];
    for (const slug of others) {
      await expect(erase(slug)).rejects.toMatchObject({ name: 'ErasureNotConfirmedError', code: 'CONFLICT' });
    }
    expect(await installation.catalog.findTenants([tenant.id])).toEqual([tenant]);
    const refused = { outcome: 'DENIED', detail: { reason: 'ErasureNotConfirmedError' } };
    expect(await audit()).toEqual(others.map(() => refused));
  });

  test('in the middle of a change that somebody makes', async () => {
    await orphan('MOVE');
    await installation.query(`UPDATE sagas SET leased_until = now() + interval '1 min' WHERE tenant_id = $1 AND state = 'RUNNING'`, [
      tenant.id,
    ]);
    await expect(erase()).rejects.toMatchObject({ name: 'TenantInTransitionError', retryAfterMs: expect.any(Number) });
    expect(await installation.catalog.findTenants([tenant.id])).toEqual([tenant]);
  });

  test('that is none', async () => {
    await expect(installation.control.eraseTenant('nonsense', operator, { confirmSlug: 'x' })).rejects.toMatchObject({
      code: 'TENANT_NOT_FOUND',
    });
  });
});
