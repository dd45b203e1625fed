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

async function rotate(principal: Principal | null, id: string, atOnce?: boolean) {
  const mutation = `mutation ($id: ID!, $atOnce: Boolean) { rotateTenantCredentials(id: $id, atOnce: $atOnce) { tenant { id status } } }`;
  return await tenants.caller.ask(principal, mutation, { variables: { id, atOnce } });
}

const versionOf = async (id: string) => (await tenants.installation.services.catalog.findPlacement(id))?.credentialVersion;

describe('Mutation.rotateTenantCredentials', () => {
  it.each([undefined, false, true])('gives the tenant other credentials, and its members go on (atOnce: %s)', async (atOnce) => {
    const { id, slug } = acme.tenant;
    const ask = async () => await tenants.caller.ask(acme.member, '{ tenant { slug settings { locale } } }');
    const answer = { data: { tenant: { slug, settings: { locale: 'en' } } } };
    expect(await ask()).toEqual(answer);
    expect(await rotate(writer, id, atOnce)).toEqual({ data: { rotateTenantCredentials: { tenant: { id, status: 'ACTIVE' } } } });
    expect(await versionOf(id)).toBe(2);
    await expect.poll(ask).toEqual(answer);
  });

  it('of a tenant whose credentials are being rotated is a CONFLICT', async () => {
    await rotate(writer, acme.tenant.id);
    expect(codesOf(await rotate(writer, acme.tenant.id))).toEqual(['CONFLICT']);
  });

  it('is for operators with tenants:write', async () => {
    expect(codesOf(await rotate(reader, acme.tenant.id))).toEqual(['FORBIDDEN']);
    expect(codesOf(await rotate(acme.admin, acme.tenant.id))).toEqual(['FORBIDDEN']);
    expect(codesOf(await rotate(null, acme.tenant.id))).toEqual(['UNAUTHENTICATED']);
    expect(await versionOf(acme.tenant.id)).toBe(1);
  });

  it('of no tenant says so', async () => {
    for (const id of [randomUUID(), 'nonsense']) expect(codesOf(await rotate(writer, id))).toEqual(['TENANT_NOT_FOUND']);
  });
});
