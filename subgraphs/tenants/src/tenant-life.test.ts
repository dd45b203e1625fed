import { randomUUID } from 'node:crypto';
import type { Principal } from '@tenantry/auth';
import { operatorWith } from '@tenantry/subgraph-kit/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { addTenant, codesOf, openTwoTenants, type TestTenant, type TwoTenants } from './testing/two-tenants.ts';

const reader = operatorWith('tenants:read');
const writer = operatorWith('tenants:read', 'tenants:write');
let acme: TestTenant;
let tenants: TwoTenants;
beforeAll(async () => {
  tenants = await openTwoTenants(inject('postgresUrl'));
});
afterAll(async () => await tenants[Symbol.asyncDispose]());
beforeEach(async () => {
  acme = await addTenant(tenants.installation);
});

/** Each with what it needs beside the tenant's id. */
const fields = {
  renameTenant: '(id: $id, input: { name: "Globex" })',
  changeTenantTier: '(id: $id, tier: PREMIUM)',
  deleteTenant: '(id: $id)',
  restoreTenant: '(id: $id)',
  purgeTenant: '(id: $id, early: true)',
  hibernateTenant: '(id: $id)',
  wakeTenant: '(id: $id)',
} as const;

type Field = keyof typeof fields;
const names: Field[] = [
  'renameTenant',
  'changeTenantTier',
  'deleteTenant',
  'restoreTenant',
  'purgeTenant',
  'hibernateTenant',
  'wakeTenant',
];

interface ChangedTenant {
  readonly slug: string;
  readonly name: string;
  readonly tier: string;
  readonly status: string;
  readonly purgeAfter: string | null;
}

async function change(principal: Principal | null, call: string, id = acme.tenant.id) {
  const mutation = `mutation ($id: ID!) { change: ${call} { tenant { slug name tier status purgeAfter } } }`;
  return await tenants.caller.ask<{ change: { tenant: ChangedTenant } }>(principal, mutation, { variables: { id } });
}

const changed = async (call: string) => (await change(writer, call)).data?.change.tenant;
const askedByMember = async () => await tenants.caller.ask(acme.member, '{ tenant { slug name } }');

describe('the life of a tenant, by mutations', () => {
  it('is renamed and given another tier', async () => {
    const slug = `renamed-${randomUUID().slice(0, 8)}`;
    expect(await changed(`renameTenant(id: $id, input: { slug: "${slug}", name: " Globex " })`)).toMatchObject({ slug, name: 'Globex' });
    expect(await changed('changeTenantTier(id: $id, tier: PREMIUM)')).toMatchObject({ slug, tier: 'PREMIUM' });
    expect(await askedByMember()).toEqual({ data: { tenant: { slug, name: 'Globex' } } });
  });

  it('is deleted, restored, deleted and purged', async () => {
    const deleted = await changed('deleteTenant(id: $id, graceDays: 7)');
    expect(deleted?.status).toBe('DELETING');
    const daysLeft = (Date.parse(deleted?.purgeAfter ?? '') - Date.now()) / 86_400_000;
    expect(daysLeft).toBeGreaterThan(6.9);
    expect(daysLeft).toBeLessThan(7.1);
    await expect.poll(async () => codesOf(await askedByMember())).toEqual(['TENANT_NOT_FOUND']);
    expect(await changed('restoreTenant(id: $id)')).toMatchObject({ status: 'ACTIVE', purgeAfter: null });
    await expect.poll(async () => codesOf(await askedByMember())).toEqual([]);
    await changed('deleteTenant(id: $id)');
    expect(codesOf(await change(writer, 'purgeTenant(id: $id)'))).toEqual(['CONFLICT']);
    expect(await changed('purgeTenant(id: $id, early: true)')).toMatchObject({ status: 'DELETED', name: '', purgeAfter: null });
  });

  it('hibernates until a member asks for it', async () => {
    expect(await changed('hibernateTenant(id: $id, keep: CLOSED)')).toMatchObject({ status: 'HIBERNATED' });
    expect(await askedByMember()).toMatchObject({ data: { tenant: { slug: acme.tenant.slug } } });
    expect(await changed('hibernateTenant(id: $id)')).toMatchObject({ status: 'HIBERNATED' });
    expect(await changed('wakeTenant(id: $id)')).toMatchObject({ status: 'ACTIVE' });
  });

  it('is not dropped to hibernate where nobody makes backups', async () => {
    expect(codesOf(await change(writer, 'hibernateTenant(id: $id, keep: DROPPED)'))).toEqual(['CONFLICT']);
    expect(codesOf(await askedByMember())).toEqual([]);
  });

  it('keeps a name that is none, and says which field is at fault', async () => {
    const mutation = `mutation ($id: ID!) {
      renameTenant(id: $id, input: { slug: "Acme", name: " " }) { tenant { slug } userErrors { code field message } }
    }`;
    expect(await tenants.caller.ask(writer, mutation, { variables: { id: acme.tenant.id } })).toEqual({
      data: {
        renameTenant: {
          tenant: null,
          userErrors: [
            { code: 'INVALID_SLUG', field: 'slug', message: expect.stringContaining('must be 3 to 40') },
            { code: 'INVALID_NAME', field: 'name', message: expect.stringContaining('must not be blank') },
          ],
        },
      },
    });
    expect(codesOf(await change(writer, `renameTenant(id: $id, input: { slug: "${tenants.acme.tenant.slug}" })`))).toEqual(['CONFLICT']);
    expect(codesOf(await change(writer, 'deleteTenant(id: $id, graceDays: -1)'))).toEqual(['BAD_USER_INPUT']);
  });
});

describe.each(names)('Mutation.%s', (field) => {
  const call = `${field}${fields[field]}`;

  it('is for operators with tenants:write', async () => {
    expect(codesOf(await change(reader, call))).toEqual(['FORBIDDEN']);
    expect(codesOf(await change(acme.admin, call))).toEqual(expect.arrayContaining(['FORBIDDEN']));
    expect(codesOf(await change(null, call))).toEqual(expect.arrayContaining(['UNAUTHENTICATED']));
    expect(await askedByMember()).toEqual({ data: { tenant: { slug: acme.tenant.slug, name: acme.tenant.name } } });
  });

  it('of no tenant says so', async () => {
    for (const id of [randomUUID(), 'nonsense']) expect(codesOf(await change(writer, call, id))).toEqual(['TENANT_NOT_FOUND']);
  });
});
