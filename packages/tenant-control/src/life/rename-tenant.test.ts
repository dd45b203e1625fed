import { randomUUID } from 'node:crypto';
import type { TenantStatus } from '@tenantry/prisma/control';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import type { Tenant } from '../tenant.ts';
import { openInstallation, operator, uniqueName, type Installation } from '../testing/installation.ts';

let installation: Installation;
let tenant: Tenant;

const newSlug = () => uniqueName('t').replace('_', '-');
const audit = async (tenantId: string) =>
  await installation.query('SELECT action, outcome, detail FROM audit_log WHERE tenant_id = $1 ORDER BY at, id OFFSET 1', [tenantId]);

beforeAll(async () => void (installation = await openInstallation({ serverUrl: inject('postgresUrl') })));
afterAll(async () => await installation?.[Symbol.asyncDispose]());
beforeEach(async () => {
  tenant = await installation.control.provisionTenant({ slug: newSlug(), name: 'Acme' }, { actor: operator });
  installation.published.length = 0;
});

describe('a tenant is renamed', () => {
  test('by slug, by name, by both: on record with what was changed, and not with who it is', async () => {
    const { control } = installation;
    const [one, two] = [newSlug(), newSlug()];
    expect(await control.renameTenant(tenant.id, { slug: one }, operator)).toEqual({ ...tenant, slug: one });
    expect(await control.renameTenant(tenant.id, { name: 'Globex' }, operator)).toEqual({ ...tenant, slug: one, name: 'Globex' });
    expect(await control.renameTenant(tenant.id, { slug: two, name: 'Initech' }, operator)).toMatchObject({ slug: two, name: 'Initech' });
    expect(await audit(tenant.id)).toEqual([
      { action: 'tenant.rename', outcome: 'ALLOWED', detail: { slug: true, name: false } },
      { action: 'tenant.rename', outcome: 'ALLOWED', detail: { slug: false, name: true } },
      { action: 'tenant.rename', outcome: 'ALLOWED', detail: { slug: true, name: true } },
    ]);
    expect(installation.published).toEqual([tenant.id, tenant.id, tenant.id]);
    expect(await installation.catalog.findPlacement(tenant.id)).toMatchObject({ slug: two, status: 'ACTIVE' });
  });

  test('to what it is called already: nothing is changed, and everybody told again', async () => {
    const { slug, name } = tenant;
    for (const input of [{ slug, name }, { slug: null }, {}]) {
      expect(await installation.control.renameTenant(tenant.id, input, operator)).toEqual(tenant);
    }
    expect(await audit(tenant.id)).toEqual([]);
    expect(installation.published).toHaveLength(3);
  });

  test('to a slug that was free a moment ago: one gets it', async () => {
    const other = await installation.control.provisionTenant({ slug: newSlug(), name: 'Other' }, { actor: operator });
    const slug = newSlug();
    const renamed = await Promise.allSettled(
      [tenant.id, other.id].map(async (id) => await installation.control.renameTenant(id, { slug }, operator)),
    );
    expect(renamed.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    expect(renamed.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { name: 'SlugTakenError', code: 'CONFLICT' } });
    expect(await installation.query('SELECT count(*)::int AS count FROM tenants WHERE slug = $1', [slug])).toEqual([{ count: 1 }]);
  });
});

test('a slug that another tenant has is refused, on record, and free again once that one has another', async () => {
  const { control } = installation;
  const other = await control.provisionTenant({ slug: newSlug(), name: 'Other' }, { actor: operator });
  await expect(control.renameTenant(tenant.id, { slug: other.slug, name: 'Thief' }, operator)).rejects.toThrow(
    `The slug "${other.slug}" is taken.`,
  );
  expect(await control.renameTenant(tenant.id, {}, operator)).toEqual(tenant);
  expect(await audit(tenant.id)).toEqual([{ action: 'tenant.rename', outcome: 'DENIED', detail: { reason: 'SlugTakenError' } }]);
  await control.renameTenant(other.id, { slug: newSlug() }, operator);
  expect(await control.renameTenant(tenant.id, { slug: other.slug }, operator)).toMatchObject({ slug: other.slug });
});

test.each([
  [{ slug: 'A' }, '`input.slug` must be 3 to 40'],
  [{ slug: 'admin' }, '`input.slug` is reserved'],
  [{ name: ' ' }, '`input.name`'],
])('%j is refused', async (input, message) => {
  await expect(installation.control.renameTenant(tenant.id, input, operator)).rejects.toMatchObject({
    code: 'BAD_USER_INPUT',
    message: expect.stringContaining(message),
  });
});

test('a tenant gets another tier where it is: on record, and everybody is told', async () => {
  const { control, published, catalog } = installation;
  expect(await control.changeTier(tenant.id, 'PREMIUM', operator)).toEqual({ ...tenant, tier: 'PREMIUM' });
  expect(await control.changeTier(tenant.id, 'PREMIUM', operator)).toEqual({ ...tenant, tier: 'PREMIUM' });
  expect(await audit(tenant.id)).toEqual([{ action: 'tenant.tier', outcome: 'ALLOWED', detail: { from: 'STANDARD', to: 'PREMIUM' } }]);
  expect(published).toEqual([tenant.id, tenant.id]);
  expect(await catalog.findPlacement(tenant.id)).toMatchObject({ tier: 'PREMIUM', cluster: 'standard' });
});

describe.each<TenantStatus>(['DELETING', 'DELETED'])('of a tenant that is %s', (status) => {
  beforeEach(
    async () => void (await installation.query('UPDATE tenants SET status = $2::"TenantStatus" WHERE id = $1', [tenant.id, status])),
  );

  test('neither name nor tier is changed', async () => {
    const refusal = { name: 'TenantDeletedError', code: 'CONFLICT' };
    await expect(installation.control.renameTenant(tenant.id, { name: 'Ghost' }, operator)).rejects.toMatchObject(refusal);
    await expect(installation.control.changeTier(tenant.id, 'PREMIUM', operator)).rejects.toMatchObject(refusal);
    expect(await installation.catalog.findTenants([tenant.id])).toEqual([{ ...tenant, status }]);
  });
});

test.each([randomUUID(), 'acme', '', '\0'])('%j is no tenant', async (id) => {
  const refusal = { code: 'TENANT_NOT_FOUND' };
  await expect(installation.control.renameTenant(id, { name: 'Nobody' }, operator)).rejects.toMatchObject(refusal);
  await expect(installation.control.changeTier(id, 'PREMIUM', operator)).rejects.toMatchObject(refusal);
});
