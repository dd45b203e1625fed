import { randomUUID } from 'node:crypto';
import type { Principal } from '@tenantry/auth';
import { operatorWith } from '@tenantry/subgraph-kit/testing';
import type { Tenant } from '@tenantry/tenant-control';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { codesOf, openTwoTenants, type TwoTenants } from './testing/two-tenants.ts';

const reader = operatorWith('tenants:read');
const writer = operatorWith('tenants:read', 'tenants:write');
let tenants: TwoTenants;
beforeAll(async () => {
  tenants = await openTwoTenants(inject('postgresUrl'));
});
afterAll(async () => await tenants[Symbol.asyncDispose]());

const mutation = `mutation ($input: ProvisionTenantInput!, $key: String) {
  provisionTenant(input: $input, idempotencyKey: $key) {
    tenant { id slug name tier status schemaVersion }
    userErrors { code field message }
  }
}`;

async function provision(principal: Principal | null, input: object, key?: string) {
  return await tenants.caller.ask<{ provisionTenant: { tenant: Tenant | null } }>(principal, mutation, { variables: { input, key } });
}

function slugOf(label: string): string {
  return `${label}-${randomUUID().slice(0, 8)}`;
}

describe('Mutation.provisionTenant', () => {
  it('makes a tenant that can be used at once', async () => {
    const slug = slugOf('umbrella');
    const answer = await provision(writer, { slug, name: 'Umbrella' });
    expect(answer.data).toMatchObject({
      provisionTenant: { tenant: { slug, name: 'Umbrella', tier: 'STANDARD', status: 'ACTIVE' }, userErrors: [] },
    });
    const owner = await tenants.installation.addUser(answer.data?.provisionTenant.tenant?.id ?? '', { role: 'OWNER' });
    expect(await tenants.caller.ask(owner, '{ tenant { slug settings { locale } } }')).toEqual({
      data: { tenant: { slug, settings: { locale: 'en' } } },
    });
  });

  it('gives the same tenant for the same key, and refuses the key for another input', async () => {
    const [input, key] = [{ slug: slugOf('once'), name: 'Once' }, randomUUID()];
    const first = await provision(writer, input, key);
    expect(await provision(writer, input, key)).toEqual(first);
    expect(codesOf(await provision(writer, { ...input, name: 'Twice' }, key))).toEqual(['CONFLICT']);
  });

  it('makes one tenant of many calls at once for one slug; the others are a CONFLICT', async () => {
    const slug = slugOf('race');
    const answers = await Promise.all(Array.from({ length: 5 }, async () => await provision(writer, { slug, name: 'Race' })));
    expect(answers.filter(({ errors }) => !errors)).toHaveLength(1);
    expect(answers.flatMap(codesOf)).toEqual(Array.from({ length: 4 }, () => 'CONFLICT'));
  });

  it('names the fields at fault', async () => {
    const input = { slug: 'No Slug!', name: ' ', firstOwner: { email: 'nobody', name: '' } };
    expect((await provision(writer, input)).data).toEqual({
      provisionTenant: {
        tenant: null,
        userErrors: [
          { code: 'INVALID_SLUG', field: 'slug', message: expect.stringMatching(/^`slug` must be 3 to 40 lower-case letters/) },
          { code: 'INVALID_NAME', field: 'name', message: '`name` must not be blank.' },
          { code: 'INVALID_EMAIL', field: 'firstOwner.email', message: '`firstOwner.email` must be an email address.' },
          { code: 'INVALID_NAME', field: 'firstOwner.name', message: '`firstOwner.name` must not be blank.' },
        ],
      },
    });
  });

  it('refuses a cluster that is not there', async () => {
    expect(codesOf(await provision(writer, { slug: slugOf('far'), name: 'Far', cluster: 'moon' }))).toEqual(['BAD_USER_INPUT']);
  });

  it('is for operators with tenants:write', async () => {
    const input = { slug: slugOf('mine'), name: 'Mine' };
    expect(codesOf(await provision(reader, input))).toEqual(['FORBIDDEN']);
    expect(codesOf(await provision(tenants.acme.admin, input))).toEqual(['FORBIDDEN']);
    expect(codesOf(await provision(null, input))).toEqual(['UNAUTHENTICATED']);
    expect(await tenants.installation.services.catalog.countTenants({ search: input.slug })).toBe(0);
  });
});
