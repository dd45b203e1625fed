import { randomUUID } from 'node:crypto';
import { operatorWith } from '@tenantry/subgraph-kit/testing';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { addTenant, openTwoTenants, outcomeOf, type TwoTenants } from './testing/two-tenants.ts';

const operator = operatorWith('tenants:read');
let tenants: TwoTenants;
beforeAll(async () => {
  tenants = await openTwoTenants(inject('postgresUrl'));
  for (let more = 0; more < 2; more++) await addTenant(tenants.installation);
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

function cursorAt(instant: string): string {
  return Buffer.from(JSON.stringify({ v: 1, o: 'tenants:created-at:asc', k: instant, id: randomUUID() })).toString('base64url');
}

async function pageOf(variables: Record<string, unknown>): Promise<Page> {
  const { data } = await tenants.caller.ask<{ tenants: Page }>(operator, list, { variables });
  if (!data) throw new Error('There is no page.');
  return data.tenants;
}

async function costOf(selection: string): Promise<number> {
  const asked = async () => await tenants.caller.ask(operator, `{ tenants { ${selection} } }`);
  return (await tenants.installation.statements.record(asked)).length;
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
    expect(slugs.slice(0, 2)).toEqual([tenants.acme.tenant.slug, tenants.globex.tenant.slug]);
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

  it('is empty for a page of none, and says whether there are tenants', async () => {
    expect(await pageOf({ first: 0 })).toMatchObject({
      nodes: [],
      pageInfo: { hasNextPage: true, hasPreviousPage: false, endCursor: null },
    });
  });

  it('is counted only when its count is asked for', async () => {
    expect(await costOf('nodes { slug }')).toBe(1);
    expect(await costOf('nodes { slug } totalCount')).toBe(2);
  });

  it.each([1, 2, 4])('measures what %i tenants take up by one statement to the catalog and one to their cluster', async (first) => {
    const shown: unknown[] = [];
    const statements = await tenants.installation.statements.record(async () => {
      const query = `{ tenants(first: ${first}) { nodes { usage { databaseBytes connections } } } }`;
      const { data } = await tenants.caller.ask<{ tenants: { nodes: unknown[] } }>(operator, query);
      shown.push(...(data?.tenants.nodes ?? []));
    });
    expect(shown).toEqual(
      Array.from({ length: first }, () => ({ usage: { databaseBytes: expect.any(Number), connections: expect.any(Number) } })),
    );
    const page = 1;
    expect(statements).toHaveLength(page + 2);
    expect(statements.filter(({ sql }) => sql.includes('pg_database_size'))).toHaveLength(1);
  });

  it.each([
    { first: -1 },
    { first: 101 },
    { after: '' },
    { after: 'nonsense' },
    { after: cursorAt('2026-02-30T00:00:00.000Z') },
    { after: cursorAt('0000-01-01T00:00:00.000Z') },
    { after: cursorAt('+275760-09-13T00:00:00.000Z') },
    { filter: { search: 'nul\0' } },
    { filter: { search: 'half \ud83d' } },
  ])('refuses %j', async (variables) => {
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
