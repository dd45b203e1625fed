import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Principal } from '@tenantry/auth';
import type { Subgraph } from '@tenantry/subgraph-kit';
import { createTestCaller, operatorWith, type TestCaller } from '@tenantry/subgraph-kit/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import subgraph from './index.ts';
import {
  addTenant,
  codesOf,
  entitiesQuery,
  openTwoTenants,
  representationsOf,
  type TestTenant,
  type TwoTenants,
} from './testing/two-tenants.ts';

const reader = operatorWith('tenants:read');
const writer = operatorWith('tenants:read', 'tenants:write');
const cleanup = new AsyncDisposableStack();
let tenants: TwoTenants;
/** Waits a moment only. */
let hasty: TestCaller;
let acme: TestTenant;

const patiently = { timeout: 15_000 };

beforeAll(async () => {
  const path = await mkdtemp(join(tmpdir(), 'tenantry-subgraph-'));
  cleanup.defer(async () => await rm(path, { recursive: true }));
  tenants = cleanup.use(await openTwoTenants(inject('postgresUrl'), { backupStore: { kind: 'folder', path } }));
  const impatient: Subgraph = {
    ...subgraph,
    createContext: (...all) => Object.assign(subgraph.createContext(...all), { patienceMs: 1500 }),
  };
  hasty = createTestCaller(impatient, tenants.installation);
});
afterAll(async () => await cleanup.disposeAsync());
const provision = async () => void (acme = await addTenant(tenants.installation));

async function ask<Data>(query: string, variables: Record<string, unknown> = {}, caller = tenants.caller): Promise<Data> {
  const { data, errors } = await caller.ask<Data>(writer, query, { variables: { id: acme.tenant.id, ...variables } });
  if (!data) throw new Error(JSON.stringify(errors));
  return data;
}

const backupFields =
  'id tenantId tenant { slug } format reason state store key bytes checksum error startedAt finishedAt verifiedAt expiresAt';

interface Backup {
  readonly id: string;
  readonly state: string;
}

async function backUp(caller = tenants.caller): Promise<Backup> {
  const mutation = `mutation ($id: ID!) { backUpTenant(id: $id) { backup { ${backupFields} } } }`;
  const { backUpTenant } = await ask<{ backUpTenant: { backup: Backup } }>(mutation, {}, caller);
  return backUpTenant.backup;
}

const findBackup = async (id: string) =>
  (await ask<{ backup: Backup | null }>(`query ($id: ID!) { backup(id: $id) { ${backupFields} } }`, { id })).backup;

/** Holds up whoever reads all of the tenant's data, for as long as `work` lasts. */
async function whileNobodyReads<Result>(work: () => Promise<Result>): Promise<Result> {
  await using lease = await tenants.installation.services.pool.lease(acme.tenant.id, { operation: 'hold up' });
  return await lease.db.$transaction(async (tx) => {
    await tx.$executeRaw`LOCK TABLE invitations, users IN ACCESS EXCLUSIVE MODE`;
    return await work();
  });
}

interface Pages {
  readonly _entities: readonly { readonly backups: { readonly pageInfo: { readonly endCursor: string } } }[];
}

const pagesQuery = (page: string) => entitiesQuery(`backups(${page}) { nodes { id } totalCount pageInfo { hasNextPage endCursor } }`);
const pageOf = (id: string | undefined) => ({ nodes: [{ id }], totalCount: 2 });

describe('backups, by mutations', () => {
  beforeEach(provision);

  it('are made, listed, verified and removed', async () => {
    const made = await backUp();
    expect(made).toMatchObject({
      tenantId: acme.tenant.id,
      tenant: { slug: acme.tenant.slug },
      format: 'COPY',
      reason: 'MANUAL',
      state: 'DONE',
      bytes: expect.any(Number),
      checksum: expect.stringMatching(/^[0-9a-f]{64}$/),
      error: null,
      verifiedAt: null,
      expiresAt: null,
    });
    expect(await findBackup(made.id)).toEqual(made);
    const newest = await backUp();
    const list = `query ($tenantId: ID, $after: String) {
      backups(first: 1, after: $after, filter: { tenantId: $tenantId, state: DONE }) { nodes { id } totalCount pageInfo { hasNextPage endCursor } } }`;
    const tenantId = acme.tenant.id;
    const first = await ask<{ backups: { pageInfo: { endCursor: string } } }>(list, { tenantId });
    expect(first).toMatchObject({ backups: { nodes: [{ id: newest.id }], totalCount: 2, pageInfo: { hasNextPage: true } } });
    const second = await ask(list, { tenantId, after: first.backups.pageInfo.endCursor });
    expect(second).toMatchObject({ backups: { nodes: [{ id: made.id }], pageInfo: { hasNextPage: false } } });
    expect(await ask(entitiesQuery('backups { nodes { id } }'), representationsOf(tenantId))).toEqual({
      _entities: [{ backups: { nodes: [{ id: newest.id }, { id: made.id }] } }],
    });
    const verify = 'mutation ($id: ID!) { verifyBackup(id: $id) { backup { verifiedAt } } }';
    expect(await ask(verify, { id: made.id })).toEqual({ verifyBackup: { backup: { verifiedAt: expect.any(String) } } });
    const remove = 'mutation ($id: ID!) { removeBackup(id: $id) { backup { id state } } }';
    expect(await ask(remove, { id: made.id })).toEqual({ removeBackup: { backup: { id: made.id, state: 'REMOVED' } } });
    expect(codesOf(await tenants.caller.ask(writer, verify, { variables: { id: made.id } }))).toEqual(['CONFLICT']);
    expect(await findBackup(randomUUID())).toBeNull();
  });

  it('are told of many tenants, page by page, in as many statements as of one', async () => {
    const other = await addTenant(tenants.installation);
    const ids = [acme.tenant.id, other.tenant.id];
    const made: string[] = [];
    for (const id of [...ids, ...ids]) {
      made.push(
        (await ask<{ backUpTenant: { backup: Backup } }>('mutation ($id: ID!) { backUpTenant(id: $id) { backup { id } } }', { id }))
          .backUpTenant.backup.id,
      );
    }
    const [oldest, , newest, newestOfOther] = made;
    let asked: Pages | undefined;
    const statements = await tenants.installation.statements.record(
      async () => void (asked = await ask<Pages>(pagesQuery('first: 1'), representationsOf(...ids))),
    );
    expect(asked).toMatchObject({ _entities: [{ backups: pageOf(newest) }, { backups: pageOf(newestOfOther) }] });
    expect(statements.filter(({ sql }) => sql.includes('backups'))).toHaveLength(3);
    const after = asked?._entities[0]?.backups.pageInfo.endCursor;
    expect(await ask(pagesQuery(`first: 1, after: "${after}"`), representationsOf(acme.tenant.id))).toMatchObject({
      _entities: [{ backups: { ...pageOf(oldest), pageInfo: { hasNextPage: false } } }],
    });
  });

  it('are restored in place, or into a new tenant', async () => {
    const { id } = await backUp();
    await tenants.installation.addUser(acme.tenant.id, { name: 'Latecomer' });
    const users = async (principal: Principal) => await tenants.caller.ask(principal, '{ tenant { slug } }');
    const restore = `mutation ($id: ID!, $into: ProvisionTenantInput) {
      restoreBackup(id: $id, into: $into) { tenant { slug status } run { id } userErrors { code field } } }`;
    const slug = `into-${randomUUID().slice(0, 8)}`;
    expect(await ask(restore, { id })).toEqual({
      restoreBackup: { tenant: { slug: acme.tenant.slug, status: 'ACTIVE' }, run: null, userErrors: [] },
    });
    await expect.poll(async () => codesOf(await users(acme.member))).toEqual([]);
    expect(await ask(restore, { id, into: { slug, name: 'Into' } })).toEqual({
      restoreBackup: { tenant: { slug, status: 'ACTIVE' }, run: null, userErrors: [] },
    });
    expect(await ask(restore, { id, into: { slug: 'Into!', name: 'Into' } })).toEqual({
      restoreBackup: { tenant: null, run: null, userErrors: [{ code: 'INVALID_SLUG', field: 'slug' }] },
    });
  });

  it('that take long are told of as far as they have come, and get done', async () => {
    const [backup, another] = await whileNobodyReads(async () => await Promise.all([backUp(hasty), backUp(hasty)]));
    expect([backup.state, another.state]).toEqual(['RUNNING', 'RUNNING']);
    expect(backup.id).not.toBe(another.id);
    await expect.poll(async () => (await findBackup(another.id))?.state, patiently).toBe('DONE');
    await expect.poll(async () => (await findBackup(backup.id))?.state, patiently).toBe('DONE');
    const restore = 'mutation ($id: ID!) { restoreBackup(id: $id) { tenant { slug } run { kind state } } }';
    const restored = await whileNobodyReads(async () => await ask(restore, { id: backup.id }, hasty));
    expect(restored).toEqual({ restoreBackup: { tenant: { slug: acme.tenant.slug }, run: { kind: 'RESTORE', state: 'RUNNING' } } });
    await expect
      .poll(async () => await tenants.installation.services.catalog.findLatestRuns([acme.tenant.id], 1), patiently)
      .toMatchObject([{ kind: 'RESTORE', state: 'DONE' }]);
  });
});

const exports = async () =>
  (
    await ask<{ _entities: [{ exports: { key: string; finishedAt: string | null }[] }] }>(
      entitiesQuery('exports { key store files bytes finishedAt }'),
      representationsOf(acme.tenant.id),
    )
  )._entities[0].exports;

describe('a tenant’s data, by mutations', () => {
  beforeEach(provision);

  it('is exported, and the export removed', async () => {
    const mutation = 'mutation ($id: ID!) { exportTenant(id: $id) { export { key store files bytes finishedAt } } }';
    const { exportTenant } = await ask<{ exportTenant: { export: { key: string } } }>(mutation);
    expect(exportTenant.export).toMatchObject({ key: expect.stringContaining(acme.tenant.id), finishedAt: expect.any(String) });
    expect(await exports()).toEqual([exportTenant.export]);
    const late = await whileNobodyReads(async () => await ask<{ exportTenant: object }>(mutation, {}, hasty));
    expect(late).not.toMatchObject({ exportTenant: { export: { finishedAt: expect.any(String) } } });
    const { key } = exportTenant.export;
    await expect.poll(exports, patiently).toMatchObject([{ finishedAt: expect.any(String) }, { key }]);
    const remove = 'mutation ($id: ID!, $key: String!) { removeTenantExport(id: $id, key: $key) { export { key } } }';
    expect(await ask(remove, { key })).toEqual({ removeTenantExport: { export: { key } } });
    expect(codesOf(await tenants.caller.ask(writer, remove, { variables: { id: acme.tenant.id, key } }))).toEqual(['NOT_FOUND']);
  });

  it('is erased by whoever repeats the slug, and a certificate remains', async () => {
    const certificateFields = 'id tenantId issuedAt document keyId signature';
    const erase = `mutation ($id: ID!, $confirmSlug: String!) {
      eraseTenant(id: $id, confirmSlug: $confirmSlug) { certificate { ${certificateFields} } run { kind } } }`;
    const { id, slug } = acme.tenant;
    const certificate = async () => await ask(`query ($id: ID!) { erasureCertificate(tenantId: $id) { ${certificateFields} } }`);
    expect(codesOf(await tenants.caller.ask(writer, erase, { variables: { id, confirmSlug: 'other' } }))).toEqual(['CONFLICT']);
    expect(codesOf(await tenants.caller.ask(acme.member, '{ tenant { slug } }'))).toEqual([]);
    expect(await certificate()).toEqual({ erasureCertificate: null });
    await ask(erase, { confirmSlug: slug });
    await expect.poll(certificate).toMatchObject({ erasureCertificate: { tenantId: id, document: expect.stringContaining(id) } });
    const { eraseTenant } = await ask<{ eraseTenant: { certificate: object } }>(erase, { confirmSlug: slug });
    expect(await certificate()).toEqual({ erasureCertificate: eraseTenant.certificate });
    await expect.poll(async () => codesOf(await tenants.caller.ask(acme.member, '{ tenant { slug } }'))).toEqual(['TENANT_NOT_FOUND']);
  });
});

describe.each([
  ['backUpTenant', '(id: $id) { backup { id } }'],
  ['verifyBackup', '(id: $id) { backup { id } }'],
  ['removeBackup', '(id: $id) { backup { id } }'],
  ['restoreBackup', '(id: $id) { tenant { id } }'],
  ['exportTenant', '(id: $id) { export { key } }'],
  ['removeTenantExport', '(id: $id, key: "k") { export { key } }'],
  ['eraseTenant', '(id: $id, confirmSlug: "x") { certificate { id } }'],
])('Mutation.%s', (field, rest) => {
  const mutation = `mutation ($id: ID!) { ${field}${rest} }`;
  const asked = async (principal: Principal | null, id: string) =>
    new Set(codesOf(await tenants.caller.ask(principal, mutation, { variables: { id } })));

  it('is for operators with tenants:write, and of what is there', async () => {
    for (const principal of [reader, tenants.acme.admin])
      expect(await asked(principal, tenants.acme.tenant.id)).toEqual(new Set(['FORBIDDEN']));
    expect(await asked(null, tenants.acme.tenant.id)).toEqual(new Set(['UNAUTHENTICATED']));
    for (const id of [randomUUID(), 'nonsense']) {
      expect(await asked(writer, id)).toEqual(new Set([field.endsWith('Backup') ? 'NOT_FOUND' : 'TENANT_NOT_FOUND']));
    }
  });
});

it.each([
  '{ backups { totalCount } }',
  '{ backup(id: "x") { id } }',
  '{ erasureCertificate(tenantId: "x") { id } }',
  '{ tenant { exports { key } } }',
  '{ tenant { backups { totalCount } } }',
])('%s is for operators', async (query) => {
  expect(new Set(codesOf(await tenants.caller.ask(tenants.acme.admin, query)))).toEqual(new Set(['FORBIDDEN']));
});
