import { randomUUID } from 'node:crypto';
import { operatorWith } from '@tenantry/subgraph-kit/testing';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { openTwoTenants, outcomeOf, type TwoTenants } from './testing/two-tenants.ts';

const operator = operatorWith('tenants:read', 'tenants:write', 'tenants:impersonate');
let tenants: TwoTenants;
let acme: string;

beforeAll(async () => {
  tenants = await openTwoTenants(inject('postgresUrl'));
  acme = tenants.acme.tenant.id;
});
afterAll(async () => await tenants[Symbol.asyncDispose]());

interface Entry {
  id: string;
  action: string;
  outcome: string;
}

interface Page {
  totalCount: number;
  nodes: Entry[];
  pageInfo: { hasNextPage: boolean; endCursor: string };
}

const list = `query ($first: Int, $after: String, $filter: AuditFilter) {
  auditLog(first: $first, after: $after, filter: $filter) {
    totalCount
    nodes { id action outcome }
    pageInfo { hasNextPage endCursor }
  }
}`;

async function pageOf(variables: Record<string, unknown>): Promise<Page> {
  const { data } = await tenants.caller.ask<{ auditLog: Page }>(operator, list, { variables });
  if (!data) throw new Error('There is no page.');
  return data.auditLog;
}

/** The different actions of what matches. */
async function actions(filter: object): Promise<string[]> {
  return [...new Set((await pageOf({ first: 100, filter })).nodes.map(({ action }) => action))];
}

async function suspendAndResume(): Promise<void> {
  for (const field of ['suspendTenant', 'resumeTenant']) {
    const mutation = `mutation ($id: ID!) { ${field}(id: $id) { tenant { status } } }`;
    expect(await tenants.caller.ask(operator, mutation, { variables: { id: acme } })).not.toHaveProperty('errors');
  }
}

const cursorAt = (instant: string) =>
  Buffer.from(JSON.stringify({ v: 1, o: 'audit-log:at:desc', k: instant, id: randomUUID() })).toString('base64url');

describe('Query.auditLog', () => {
  it('tells who did what to which tenant, from where, and how it ended', async () => {
    const requestId = randomUUID();
    const mutation = 'mutation ($id: ID!) { suspendTenant(id: $id) { tenant { status } } }';
    const id = tenants.globex.tenant.id;
    await tenants.caller.ask(operator, mutation, { variables: { id }, requestId, origin: '203.0.113.7' });
    const query = `{ auditLog(first: 1) { nodes { action issuer subject tenantId tenant { slug } requestId outcome origin detail { name value } } } }`;
    expect((await tenants.caller.ask(operator, query)).data).toEqual({
      auditLog: {
        nodes: [
          {
            action: 'tenant.suspend',
            issuer: operator.issuer,
            subject: operator.subject,
            tenantId: id,
            tenant: { slug: tenants.globex.tenant.slug },
            requestId,
            outcome: 'ALLOWED',
            origin: '203.0.113.7',
            detail: [{ name: 'from', value: 'ACTIVE' }],
          },
        ],
      },
    });
  });

  it('holds the requests that an operator makes within a tenant, each with its operation', async () => {
    const [requestId, origin] = [randomUUID(), '2001:db8::7'];
    await tenants.caller.ask(operator, 'query Peek { tenant { slug } }', { within: acme, requestId, origin });
    const query = `{ auditLog(filter: { tenantId: "${acme}", action: "tenant.impersonate" }) { nodes { requestId origin detail { name value } } } }`;
    expect((await tenants.caller.ask(operator, query)).data).toEqual({
      auditLog: {
        nodes: [
          {
            requestId,
            origin,
            detail: expect.arrayContaining([
              { name: 'operation', value: 'tenants:Peek' },
              { name: 'fields', value: 'tenant' },
            ]),
          },
        ],
      },
    });
  });

  it('walks every entry once, the newest first', async () => {
    await suspendAndResume();
    await suspendAndResume();
    const filter = { tenantId: acme, subject: operator.subject, outcome: 'ALLOWED' };
    const all = await pageOf({ first: 100, filter });
    expect(all.nodes.slice(0, 4).map(({ action }) => action)).toEqual([
      'tenant.resume',
      'tenant.suspend',
      'tenant.resume',
      'tenant.suspend',
    ]);
    const walked: Entry[] = [];
    for (let page = await pageOf({ first: 2, filter }); ; page = await pageOf({ first: 2, filter, after: page.pageInfo.endCursor })) {
      walked.push(...page.nodes);
      if (!page.pageInfo.hasNextPage) break;
    }
    expect(walked).toEqual(all.nodes);
    expect(all.totalCount).toBe(walked.length);
  });

  it('filters by action, subject, outcome, tenant and time', async () => {
    await suspendAndResume();
    const mutation = 'mutation ($id: ID!) { resumeTenant(id: $id) { tenant { status } } }';
    expect(await actions({ action: 'tenant.resume' })).toEqual(['tenant.resume']);
    expect(await actions({ action: 'tenant.res' })).toEqual([]);
    expect(await actions({ subject: 'nobody' })).toEqual([]);
    expect(await actions({ tenantId: randomUUID() })).toEqual([]);
    expect(await actions({ tenantId: tenants.globex.tenant.id, action: 'tenant.resume' })).toEqual([]);
    await tenants.caller.ask(operator, mutation, { variables: { id: tenants.globex.tenant.id } });
    expect(await actions({ tenantId: tenants.globex.tenant.id.toUpperCase(), action: 'tenant.resume' })).toEqual(['tenant.resume']);
    expect(await actions({ to: '2020-01-01T00:00:00Z' })).toEqual([]);
    expect(await actions({ from: '2020-01-01T00:00:00Z', to: '9999-12-31T00:00:00Z', action: 'tenant.suspend' })).toEqual([
      'tenant.suspend',
    ]);
    expect(await actions({ from: '9999-12-31T00:00:00Z' })).toEqual([]);
  });

  it('costs one statement for the entries and one for all their tenants', async () => {
    const statements = await tenants.installation.statements.record(
      async () => await tenants.caller.ask(operator, '{ auditLog(first: 50) { nodes { action tenant { slug } } } }'),
    );
    expect(statements).toHaveLength(2);
  });

  it.each([
    { first: 101 },
    { after: 'nonsense' },
    { after: cursorAt('0000-01-01T00:00:00.000Z') },
    { filter: { tenantId: 'acme' } },
    { filter: { subject: 'nul\0' } },
    { filter: { action: 'nul\0' } },
    { filter: { from: '0000-01-01T00:00:00Z' } },
    { filter: { to: 'yesterday' } },
    { filter: { outcome: 'PERHAPS' } },
  ])('refuses %j', async (variables) => {
    const { codes } = outcomeOf(await tenants.caller.ask(operator, list, { variables }));
    expect(codes).toEqual(['BAD_USER_INPUT']);
  });

  it.each([
    ['a tenant’s administrator', () => tenants.acme.admin, 'FORBIDDEN'],
    ['an operator without tenants:read', () => operatorWith('tenants:write', 'tenants:impersonate'), 'FORBIDDEN'],
    ['nobody', () => null, 'UNAUTHENTICATED'],
  ])('is refused to %s', async (_who, principal, code) => {
    expect(outcomeOf(await tenants.caller.ask(principal(), '{ auditLog { totalCount } }'))).toEqual({ data: null, codes: [code] });
  });
});
