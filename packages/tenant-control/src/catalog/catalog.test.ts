import { randomUUID } from 'node:crypto';
import { silentLogger } from '@tenantry/service';
import { escapeIdentifier } from 'pg';
import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest';
import { prepareControlDatabase } from '../control-database.ts';
import { databaseUrl } from '../postgres/connection.ts';
import { operator, runSql, uniqueName } from '../testing/installation.ts';
import { openCatalog, type Catalog } from './catalog.ts';
import type { ListTenantsOptions, TenantPosition } from './tenant-list.ts';

const server = inject('postgresUrl');
const database = uniqueName('control');
const url = databaseUrl(server, database);
let catalog: Catalog;

/** Five tenants; the second to the fourth were created in the same instant. */
const slugs = ['acme', 'globex', 'initech', 'hooli', 'umbrella'] as const;
const ids = new Map<string, string>(slugs.map((slug) => [slug, randomUUID()]));
const idOf = (slug: (typeof slugs)[number]) => ids.get(slug) ?? '';

beforeAll(async () => {
  await prepareControlDatabase(url);
  await runSql(
    url,
    `INSERT INTO clusters (name, host, port, ssl_mode, pooling, updated_at)
     VALUES ('standard', 'db.example', 5433, 'require', 'transaction', now())`,
  );
  for (const [index, slug] of slugs.entries()) {
    await runSql(
      url,
      `INSERT INTO tenants (id, slug, name, tier, status, cluster_name, database_name, role_name, login_name, sealed_password, credential_version, created_at, updated_at)
       VALUES ($1, $2, $3, $4, $5, 'standard', $2 || '_db', $2 || '_owner', $2 || '_role', 'sealed', 3, timestamptz '2026-01-01' + make_interval(days => $6), now())`,
      [
        idOf(slug),
        slug,
        `${slug.toUpperCase()} 100%`,
        slug === 'hooli' ? 'PREMIUM' : 'STANDARD',
        slug === 'umbrella' ? 'SUSPENDED' : 'ACTIVE',
        index === 0 || index === 4 ? index : 2,
      ],
    );
  }
  catalog = openCatalog({ controlDatabaseUrl: url, logger: silentLogger });
});

afterAll(async () => {
  await catalog[Symbol.asyncDispose]();
  await runSql(server, `DROP DATABASE ${escapeIdentifier(database)}`);
});

test('the tenants that are served are listed from the oldest on', async () => {
  const byId = (...names: ('globex' | 'initech' | 'hooli')[]) => names.map(idOf).toSorted();
  const simultaneous = byId('globex', 'initech', 'hooli');
  expect(await catalog.findServed(2)).toEqual([idOf('acme'), simultaneous[0]]);
  expect(await catalog.findServed(10)).toEqual([idOf('acme'), ...simultaneous]);
});

describe('a placement', () => {
  test('tells where a tenant is and how to open it', async () => {
    expect(await catalog.findPlacement(idOf('hooli'))).toEqual({
      tenantId: idOf('hooli'),
      slug: 'hooli',
      status: 'ACTIVE',
      tier: 'PREMIUM',
      cluster: 'standard',
      host: 'db.example',
      port: 5433,
      sslMode: 'require',
      pooling: 'transaction',
      database: 'hooli_db',
      role: 'hooli_role',
      sealedPassword: 'sealed',
      credentialVersion: 3,
    });
  });

  test.each([randomUUID(), 'acme', '', `' OR true --`, '\0'])('is null for %j, which is no tenant', async (id) => {
    expect(await catalog.findPlacement(id)).toBeNull();
  });
});

describe('finding tenants by their ids', () => {
  test('leaves out what is no tenant', async () => {
    const tenants = await catalog.findTenants([idOf('acme'), randomUUID(), 'nonsense', idOf('globex')]);
    expect(tenants.map(({ slug }) => slug).toSorted()).toEqual(['acme', 'globex']);
  });

  test('gives nothing that opens a database', async () => {
    const [tenant] = await catalog.findTenants([idOf('acme')]);
    expect(tenant).toEqual({
      id: idOf('acme'),
      slug: 'acme',
      name: 'ACME 100%',
      tier: 'STANDARD',
      status: 'ACTIVE',
      schemaVersion: null,
      clusterName: 'standard',
      createdAt: expect.any(Date),
      lastActiveAt: null,
      purgeAfter: null,
    });
  });
});

async function slugsOf(options: ListTenantsOptions): Promise<string[]> {
  const tenants = await catalog.listTenants(options);
  return tenants.map(({ slug }) => slug);
}

describe('the list of tenants', () => {
  test.each([1, 2, 3, 5])('read in pages of %i has every tenant once, the oldest first', async (limit) => {
    const seen: string[] = [];
    let after: TenantPosition | null = null;
    for (;;) {
      const page = await catalog.listTenants({ limit, after });
      seen.push(...page.map(({ slug }) => slug));
      after = page.at(-1) ?? null;
      if (!after) break;
    }
    expect(seen.toSorted()).toEqual([...slugs].toSorted());
    expect([seen[0], seen[4]]).toEqual(['acme', 'umbrella']);
  });

  test('can be narrowed by status, tier and a part of slug or name', async () => {
    expect(await slugsOf({ limit: 10, filter: { status: 'SUSPENDED' } })).toEqual(['umbrella']);
    expect(await slugsOf({ limit: 10, filter: { tier: 'PREMIUM' } })).toEqual(['hooli']);
    expect(await slugsOf({ limit: 10, filter: { search: ' GLOB ' } })).toEqual(['globex']);
    expect(await slugsOf({ limit: 10, filter: { search: 'o', status: 'ACTIVE', tier: 'STANDARD' } })).toEqual(['globex']);
    expect(await slugsOf({ limit: 10, filter: { status: null, tier: null, search: null } })).toHaveLength(slugs.length);
  });

  test('takes a search as it is, with no wildcards in it', async () => {
    expect(await slugsOf({ limit: 10, filter: { search: '100%' } })).toHaveLength(slugs.length);
    for (const search of ['a%e', 'acm_', '\\', '10_%']) expect(await slugsOf({ limit: 10, filter: { search } })).toEqual([]);
  });

  test('is counted by what matches', async () => {
    expect(await catalog.countTenants()).toBe(slugs.length);
    expect(await catalog.countTenants({ search: 'o', status: 'ACTIVE' })).toBe(2);
    expect(await catalog.countTenants({ tier: 'PREMIUM', status: 'SUSPENDED' })).toBe(0);
  });

  test.each(['nul\0', 'half \ud83d', 'x'.repeat(201)])('refuses to search for %j', async (search) => {
    const refusal = { code: 'BAD_USER_INPUT', message: expect.stringMatching(/^`filter\.search` must/) };
    await expect(catalog.listTenants({ limit: 1, filter: { search } })).rejects.toMatchObject(refusal);
    await expect(catalog.countTenants({ search })).rejects.toMatchObject(refusal);
  });
});

test('the audit log keeps what it is given', async () => {
  await catalog.recordAudit({ ...operator, action: 'tenant.look', tenantId: idOf('acme'), outcome: 'DENIED', detail: { reason: 'none' } });
  expect(
    await runSql(url, 'SELECT action, issuer, subject, request_id, tenant_id, outcome, detail FROM audit_log WHERE tenant_id IS NOT NULL'),
  ).toEqual([
    {
      action: 'tenant.look',
      issuer: operator.issuer,
      subject: operator.subject,
      request_id: operator.requestId,
      tenant_id: idOf('acme'),
      outcome: 'DENIED',
      detail: { reason: 'none' },
    },
  ]);
});

test('the audit log goes by the clock of the control database, whatever the one of the process says', async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: new Date('2020-01-01') });
  try {
    await catalog.recordAudit({ ...operator, action: 'tenant.clock', tenantId: null, outcome: 'ALLOWED' });
  } finally {
    vi.useRealTimers();
  }
  expect(
    await runSql(url, `SELECT now() - at < interval '1 minute' AS is_recent, issuer FROM audit_log WHERE action = 'tenant.clock'`),
  ).toEqual([{ is_recent: true, issuer: operator.issuer }]);
});

test.each([`UPDATE audit_log SET outcome = 'ALLOWED'`, 'DELETE FROM audit_log WHERE false', 'TRUNCATE audit_log'])(
  'the audit log is append-only, even for the administrator: %s',
  async (statement) => {
    await catalog.recordAudit({ ...operator, action: 'tenant.look', tenantId: null, outcome: 'DENIED' });
    const refusal = { code: '42501', message: expect.stringContaining('audit_log is append-only') };
    await expect(runSql(url, statement)).rejects.toMatchObject(refusal);
    await expect(runSql(url, `SET session_replication_role = replica; ${statement}`)).rejects.toMatchObject(refusal);
  },
);

test('a tenant is found by its slug', async () => {
  expect(await catalog.findTenantBySlug('hooli')).toMatchObject({ id: idOf('hooli'), slug: 'hooli' });
  for (const slug of ['HOOLI', '', idOf('hooli'), '\0']) expect(await catalog.findTenantBySlug(slug)).toBeNull();
});
