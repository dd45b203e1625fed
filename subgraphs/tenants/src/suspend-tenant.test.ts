import { randomUUID } from 'node:crypto';
import type { Principal } from '@tenantry/auth';
import { operatorWith } from '@tenantry/subgraph-kit/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
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
let acme: TestTenant;
let tenants: TwoTenants;
beforeAll(async () => {
  tenants = await openTwoTenants(inject('postgresUrl'));
});
afterAll(async () => await tenants[Symbol.asyncDispose]());
beforeEach(async () => {
  acme = await addTenant(tenants.installation);
});

type Field = 'suspendTenant' | 'resumeTenant';

async function set(field: Field, principal: Principal | null, id: string) {
  return await tenants.caller.ask(principal, `mutation ($id: ID!) { ${field}(id: $id) { tenant { id status } } }`, { variables: { id } });
}

describe('Mutation.suspendTenant and resumeTenant', () => {
  it('shut a tenant’s members out and let them in again', async () => {
    expect(await set('suspendTenant', writer, acme.tenant.id)).toEqual({
      data: { suspendTenant: { tenant: { id: acme.tenant.id, status: 'SUSPENDED' } } },
    });
    await expect.poll(async () => codesOf(await tenants.caller.ask(acme.member, '{ tenant { slug } }'))).toEqual(['TENANT_SUSPENDED']);
    expect(await tenants.caller.ask(reader, entitiesQuery('status'), { variables: representationsOf(acme.tenant.id) })).toEqual({
      data: { _entities: [{ status: 'SUSPENDED' }] },
    });
    expect(await set('resumeTenant', writer, acme.tenant.id)).toEqual({
      data: { resumeTenant: { tenant: { id: acme.tenant.id, status: 'ACTIVE' } } },
    });
    await expect
      .poll(async () => await tenants.caller.ask(acme.member, '{ tenant { slug } }'))
      .toEqual({ data: { tenant: { slug: acme.tenant.slug } } });
  });

  it.each<Field>(['suspendTenant', 'resumeTenant'])('%s is for operators with tenants:write', async (field) => {
    expect(codesOf(await set(field, reader, acme.tenant.id))).toEqual(['FORBIDDEN']);
    expect(codesOf(await set(field, acme.admin, acme.tenant.id))).toEqual(['FORBIDDEN']);
    expect(codesOf(await set(field, null, acme.tenant.id))).toEqual(['UNAUTHENTICATED']);
    expect(await tenants.caller.ask(acme.member, '{ tenant { status } }')).toEqual({ data: { tenant: { status: 'ACTIVE' } } });
  });

  it.each<Field>(['suspendTenant', 'resumeTenant'])('%s of no tenant says so', async (field) => {
    for (const id of [randomUUID(), 'nonsense']) expect(codesOf(await set(field, writer, id))).toEqual(['TENANT_NOT_FOUND']);
  });
});
