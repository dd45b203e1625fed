import { randomUUID } from 'node:crypto';
import type { Principal } from '@tenantry/auth';
import { memberOf, operatorWith } from '@tenantry/subgraph-kit/testing';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { entitiesQuery, everyField, openTwoTenants, outcomeOf, representationsOf, type TwoTenants } from './testing/two-tenants.ts';

const operator = operatorWith('tenants:read');
let tenants: TwoTenants;
beforeAll(async () => {
  tenants = await openTwoTenants(inject('postgresUrl'));
});
afterAll(async () => await tenants[Symbol.asyncDispose]());

async function askForEntities(principal: Principal | null, selection: string, ids: readonly string[]) {
  return await tenants.caller.ask<{ _entities: ({ slug: string } | null)[] }>(principal, entitiesQuery(selection), {
    variables: representationsOf(...ids),
  });
}

describe('a tenant as an entity', () => {
  it('costs one statement to the catalog for 100 representations', async () => {
    const ids = [tenants.acme.tenant.id, tenants.globex.tenant.id, ...Array.from({ length: 98 }, () => randomUUID())];
    const slugs: (string | null)[] = [];
    const statements = await tenants.installation.statements.record(async () => {
      const { data } = await askForEntities(operator, 'slug', ids);
      slugs.push(...(data?._entities ?? []).map((entity) => entity?.slug ?? null));
    });
    expect(slugs).toEqual([tenants.acme.tenant.slug, tenants.globex.tenant.slug, ...Array.from({ length: 98 }, () => null)]);
    expect(statements).toEqual([{ database: tenants.installation.controlDatabase, sql: expect.stringContaining('tenants') }]);
  });

  it('costs a member the same whether it is asked for once or 100 times', async () => {
    const { member, tenant } = tenants.acme;
    await askForEntities(member, 'slug', [tenant.id]);
    for (const times of [1, 100]) {
      const ids = Array.from({ length: times }, () => tenant.id);
      const statements = await tenants.installation.statements.record(
        async () => await askForEntities(member, 'slug settings { locale }', ids),
      );
      // The membership, the catalog's row, the settings.
      expect(statements).toHaveLength(3);
    }
  });

  it('is, to a member, their own tenant and no other', async () => {
    const { member, tenant } = tenants.acme;
    const { slug } = tenant;
    const ids = [tenant.id, tenants.globex.tenant.id, tenant.id.toUpperCase(), 'nonsense'];
    expect(await askForEntities(member, everyField, ids)).toMatchObject({
      data: { _entities: [{ slug, settings: { locale: 'en' } }, null, { slug }, null] },
    });
  });

  it.each([
    ['somebody with a token and no user', () => memberOf(tenants.acme.tenant.id), 'FORBIDDEN'],
    ['nobody', () => null, 'UNAUTHENTICATED'],
    ['an operator without tenants:read', () => operatorWith('tenants:write'), 'TENANT_REQUIRED'],
    ['a member who claims to be an operator', () => ({ ...memberOf(tenants.acme.tenant.id), scopes: ['tenants:read'] }), 'FORBIDDEN'],
  ])('is nothing to %s', async (_who, principal, code) => {
    const answer = await askForEntities(principal(), 'id slug', [tenants.acme.tenant.id, tenants.globex.tenant.id]);
    expect(outcomeOf(answer)).toEqual({ data: { _entities: [null, null] }, codes: [code, code] });
  });

  it('does not show more than it is through the fields of a representation', async () => {
    const variables = { representations: [{ __typename: 'Tenant', id: tenants.globex.tenant.id, slug: 'forged', status: 'ACTIVE' }] };
    expect(await tenants.caller.ask(tenants.acme.member, entitiesQuery('slug status'), { variables })).toEqual({
      data: { _entities: [null] },
    });
  });
});
