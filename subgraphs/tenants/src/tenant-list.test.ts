import { operatorWith } from '@tenantry/subgraph-kit/testing';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { openTwoTenants, outcomeOf, type TwoTenants } from './testing/two-tenants.ts';

const operator = operatorWith('tenants:read');
let tenants: TwoTenants;
beforeAll(async () => {
  tenants = await openTwoTenants(inject('postgresUrl'));
});
afterAll(async () => await tenants[Symbol.asyncDispose]());

interface Page {
  totalCount: number;
  nodes: { slug: string }[];
  pageInfo: { hasNextPage: boolean; hasPreviousPage: boolean; startCursor: string; endCursor: string };
}

const list = `query ($first: Int, $after: String, $filter: TenantFilter) {
  tenants(first: $first, after: $after, filter: $filter) {
    totalCount
    nodes { slug }
    edges { cursor node { id } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}`;

async function pageOf(variables: Record<string, unknown>): Promise<Page> {
  const { data } = await tenants.caller.ask<{ tenants: Page }>(operator, list, { variables });
  if (!data) throw new Error('There is no page.');
  return data.tenants;
}

describe('Query.tenants', () => {
  it('walks every tenant once, the oldest first', async () => {
    const slugs: string[] = [];
    let page = await pageOf({ first: 3 });
    const { totalCount } = page;
    for (;;) {
      slugs.push(...page.nodes.map(({ slug }) => slug));
      expect(page.pageInfo.hasPreviousPage).toBe(slugs.length > 3);
      if (!page.pageInfo.hasNextPage) break;
      page = await pageOf({ first: 3, after: page.pageInfo.endCursor });
    }
    expect(new Set(slugs).size).toBe(slugs.length);
    expect(slugs).toHaveLength(totalCount);
    expect(slugs.slice(-2)).toEqual([tenants.acme.tenant.slug, tenants.globex.tenant.slug]);
  });

  it('filters by a part of the slug, by status and by tier', async () => {
    expect(await pageOf({ filter: { search: tenants.acme.tenant.slug.slice(1).toUpperCase() } })).toMatchObject({
      totalCount: 1,
      nodes: [{ slug: tenants.acme.tenant.slug }],
    });
    expect(await pageOf({ filter: { search: tenants.acme.tenant.slug, status: 'SUSPENDED' } })).toMatchObject({ totalCount: 0, nodes: [] });
    expect(await pageOf({ filter: { search: tenants.acme.tenant.slug, tier: 'PREMIUM' } })).toMatchObject({ totalCount: 0 });
    expect(await pageOf({ filter: { search: '%' } })).toMatchObject({ totalCount: 0 });
  });

  it.each([{ first: -1 }, { first: 0 }, { first: 101 }, { after: 'nonsense' }])('refuses %j', async (variables) => {
    const answer = await tenants.caller.ask(operator, list, { variables });
    expect(outcomeOf(answer)).toEqual({ data: null, codes: ['BAD_USER_INPUT'] });
  });

  it.each([
    ['a member', () => tenants.acme.member, 'FORBIDDEN'],
    ['an operator without tenants:read', () => operatorWith('tenants:write', 'tenants:impersonate'), 'FORBIDDEN'],
    ['nobody', () => null, 'UNAUTHENTICATED'],
  ])('is refused to %s', async (_who, principal, code) => {
    const answer = await tenants.caller.ask(principal(), '{ tenants { totalCount } }');
    expect(outcomeOf(answer)).toEqual({ data: null, codes: [code] });
  });

  it('shows an operator what tenants take up, and not their settings', async () => {
    const query = `{ tenants(filter: { search: "${tenants.acme.tenant.slug}" }) { nodes { usage { databaseBytes } settings { locale } } } }`;
    const answer = await tenants.caller.ask(operator, query);
    expect(outcomeOf(answer)).toEqual({
      data: { tenants: { nodes: [{ usage: { databaseBytes: expect.any(Number) }, settings: null }] } },
      codes: ['FORBIDDEN'],
    });
  });
});
