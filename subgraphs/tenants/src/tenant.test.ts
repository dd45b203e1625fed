import { randomUUID } from 'node:crypto';
import { createHttpTestCaller, createTestCaller, memberOf, operatorWith, type TestCaller } from '@tenantry/subgraph-kit/testing';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import subgraph from './index.ts';
import { addTenant, codesOf, everyField, openTwoTenants, outcomeOf, type TwoTenants } from './testing/two-tenants.ts';

const operator = operatorWith('tenants:read');
const impersonator = operatorWith('tenants:impersonate');
let tenants: TwoTenants;
let overHttp: Awaited<ReturnType<typeof createHttpTestCaller>>;
beforeAll(async () => {
  tenants = await openTwoTenants(inject('postgresUrl'));
  overHttp = await createHttpTestCaller(subgraph, tenants.installation);
});
afterAll(async () => {
  await overHttp[Symbol.asyncDispose]();
  await tenants[Symbol.asyncDispose]();
});

const callers = (transport: string): TestCaller => (transport === 'over HTTP' ? overHttp : tenants.caller);

describe('Query.tenant', () => {
  it.each(['in process', 'over HTTP'])('gives a member their own tenant, every field of it, %s', async (transport) => {
    const answer = await callers(transport).ask(tenants.acme.member, `{ tenant { ${everyField} } }`);
    expect(answer).toEqual({
      data: {
        tenant: {
          id: tenants.acme.tenant.id,
          slug: tenants.acme.tenant.slug,
          name: tenants.acme.tenant.name,
          tier: 'STANDARD',
          status: 'ACTIVE',
          schemaVersion: tenants.acme.tenant.schemaVersion,
          createdAt: tenants.acme.tenant.createdAt.toISOString(),
          settings: { locale: 'en', timeZone: 'UTC', invitationDays: 14 },
          usage: {
            databaseBytes: expect.toSatisfy((bytes: number) => bytes > 5_000_000),
            connections: expect.toSatisfy((connections: number) => connections >= 1),
          },
        },
      },
    });
  });

  it.each([
    ['nobody', () => null, 'UNAUTHENTICATED'],
    ['an operator without a tenant', () => operator, 'TENANT_REQUIRED'],
    ['somebody with a token and no user', () => memberOf(tenants.acme.tenant.id), 'FORBIDDEN'],
    ['a token of a tenant that is not there', () => memberOf(randomUUID()), 'TENANT_NOT_FOUND'],
  ])('refuses %s', async (_who, principal, code) => {
    const answer = await tenants.caller.ask(principal(), '{ tenant { name } }');
    expect(outcomeOf(answer)).toEqual({ data: null, codes: [code] });
  });

  it('answers nothing without a context, over either transport', async () => {
    for (const transport of ['in process', 'over HTTP']) {
      const answer = await callers(transport).askUnsigned(undefined, '{ tenant { name } }');
      expect(outcomeOf(answer)).toEqual({ data: undefined, codes: ['UNAUTHENTICATED'] });
    }
  });

  it('gives an operator who acts in a tenant that tenant, settings included', async () => {
    const answer = await tenants.caller.ask(impersonator, `{ tenant { slug settings { locale } usage { connections } } }`, {
      within: tenants.globex.tenant.id,
    });
    expect(answer).toMatchObject({ data: { tenant: { slug: tenants.globex.tenant.slug, settings: { locale: 'en' } } } });
  });

  it('refuses a suspended tenant to its members, and to an operator who acts in it', async () => {
    const { tenant, member } = await addTenant(tenants.installation);
    await tenants.installation.control.suspendTenant(tenant.id, { issuer: 'test', subject: 'test', requestId: 'test' });
    await expect.poll(async () => codesOf(await tenants.caller.ask(member, '{ tenant { name } }'))).toEqual(['TENANT_SUSPENDED']);
    const answer = await tenants.caller.ask(impersonator, '{ tenant { name } }', { within: tenant.id });
    expect(outcomeOf(answer)).toEqual({ data: null, codes: ['TENANT_SUSPENDED'] });
  });

  it('reads settings once, however often they are asked for', async () => {
    const statements = await tenants.installation.statements.record(
      async () =>
        await tenants.caller.ask(tenants.acme.member, '{ a: tenant { settings { locale } } b: tenant { settings { timeZone } } }'),
    );
    expect(statements.filter(({ sql }) => sql.includes('tenant_settings'))).toHaveLength(1);
  });
});

it('measures usage once a request, however often it is asked for', async () => {
  const { services } = tenants.installation;
  const measured: string[] = [];
  const measureUsage = async (ids: readonly string[]) => {
    measured.push(...ids);
    return ids.map(() => ({ databaseBytes: 1, connections: 1 }));
  };
  const caller = createTestCaller(subgraph, {
    services: { ...services, control: services.control && { ...services.control, measureUsage } },
  });
  const answer = await caller.ask(
    tenants.acme.member,
    '{ a: tenant { b: usage { connections } c: usage { databaseBytes } } d: tenant { usage { connections } } }',
  );
  expect(answer.errors).toBeUndefined();
  expect(measured).toEqual([tenants.acme.tenant.id]);
});

describe('a process without clusters', () => {
  it('answers all but what it lacks them for', async () => {
    const without = createTestCaller(subgraph, { services: { ...tenants.installation.services, control: null } });
    const answer = await without.ask(tenants.acme.member, '{ tenant { slug usage { connections } } }');
    expect(answer.data).toEqual({ tenant: { slug: tenants.acme.tenant.slug, usage: null } });
    expect(answer.errors).toMatchObject([
      { path: ['tenant', 'usage', 'connections'], extensions: { code: 'INTERNAL_SERVER_ERROR', requestId: expect.any(String) } },
    ]);
  });
});
