import { randomUUID } from 'node:crypto';
import type { Principal } from '@tenantry/auth';
import {
  createHttpTestCaller,
  createTestCaller,
  memberOf,
  openTestInstallation,
  operatorWith,
  type Answer,
  type TestCaller,
  type TestInstallation,
} from '@tenantry/subgraph-kit/testing';
import type { Tenant } from '@tenantry/tenant-control';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import subgraph from './index.ts';

const resources = new AsyncDisposableStack();
const reader = operatorWith('tenants:read');
const writer = operatorWith('tenants:read', 'tenants:write');
const impersonator = operatorWith('tenants:impersonate');
let installation: TestInstallation;
let inProcess: TestCaller;
let overHttp: TestCaller;
let acme: Tenant;
let globex: Tenant;
let member: Principal;
let admin: Principal;
let globexMember: Principal;

beforeAll(async () => {
  installation = resources.use(await openTestInstallation(inject('postgresUrl')));
  inProcess = createTestCaller(subgraph, installation);
  overHttp = resources.use(await createHttpTestCaller(subgraph, installation));
});
afterAll(async () => await resources.disposeAsync());

beforeEach(async () => {
  [acme, globex] = [await installation.provision(), await installation.provision()];
  member = await installation.addUser(acme.id);
  admin = await installation.addUser(acme.id, { role: 'ADMIN' });
  globexMember = await installation.addUser(globex.id, { role: 'OWNER' });
});

const codesOf = ({ errors = [] }: Answer) => errors.map(({ extensions }) => extensions.code);
const everything = 'id slug name tier status schemaVersion createdAt settings { locale timeZone invitationDays } usage { databaseBytes connections }';
const entities = (selection: string) =>
  `query ($representations: [_Any!]!) { _entities(representations: $representations) { ... on Tenant { ${selection} } } }`;
const representationsOf = (...ids: string[]) => ({ representations: ids.map((id) => ({ __typename: 'Tenant', id })) });

describe('Query.tenant', () => {
  it.each([
    ['in process', () => inProcess],
    ['over HTTP', () => overHttp],
  ])('gives a member their own tenant, every field of it, %s', async (_transport, caller) => {
    const answer = await caller().ask(member, `{ tenant { ${everything} } }`);
    expect(answer).toEqual({
      data: {
        tenant: {
          id: acme.id,
          slug: acme.slug,
          name: acme.name,
          tier: 'STANDARD',
          status: 'ACTIVE',
          schemaVersion: acme.schemaVersion,
          createdAt: acme.createdAt.toISOString(),
          settings: { locale: 'en', timeZone: 'UTC', invitationDays: 14 },
          usage: { databaseBytes: expect.any(Number), connections: expect.any(Number) },
        },
      },
    });
    const { usage } = answer.data?.['tenant'] as { usage: { databaseBytes: number; connections: number } };
    expect(usage.databaseBytes).toBeGreaterThan(5_000_000);
    expect(usage.connections).toBeGreaterThanOrEqual(1);
  });

  it.each([
    ['nobody', () => null, 'UNAUTHENTICATED'],
    ['an operator without a tenant', () => reader, 'TENANT_REQUIRED'],
    ['somebody with a token and no user', () => memberOf(acme.id), 'FORBIDDEN'],
    ['a token of a tenant that is not there', () => memberOf(randomUUID()), 'TENANT_NOT_FOUND'],
  ])('refuses %s', async (_who, principal, code) => {
    const answer = await inProcess.ask(principal(), '{ tenant { name } }');
    expect([answer.data, codesOf(answer)]).toEqual([null, [code]]);
  });

  it('answers nothing without a context, over either transport', async () => {
    for (const caller of [inProcess, overHttp]) {
      const answer = await caller.askUnsigned(undefined, '{ tenant { name } }');
      expect([answer.data, codesOf(answer)]).toEqual([undefined, ['UNAUTHENTICATED']]);
    }
  });

  it('gives an operator who acts in a tenant that tenant, settings included', async () => {
    const answer = await inProcess.ask(impersonator, `{ tenant { slug settings { locale } usage { connections } } }`, { within: globex.id });
    expect(answer).toMatchObject({ data: { tenant: { slug: globex.slug, settings: { locale: 'en' } } } });
  });

  it('refuses a suspended tenant to its members, and to an operator who acts in it', async () => {
    await inProcess.ask(writer, 'mutation ($id: ID!) { suspendTenant(id: $id) { tenant { status } } }', { variables: { id: globex.id } });
    await expect.poll(async () => codesOf(await inProcess.ask(globexMember, '{ tenant { name } }'))).toEqual(['TENANT_SUSPENDED']);
    expect(codesOf(await inProcess.ask(impersonator, '{ tenant { name } }', { within: globex.id }))).toEqual(['TENANT_SUSPENDED']);
  });

  it('reads settings once, however often they are asked for', async () => {
    const statements = await installation.statements.record(
      async () => await inProcess.ask(member, '{ a: tenant { settings { locale } } b: tenant { settings { timeZone } } }'),
    );
    expect(statements.filter(({ sql }) => sql.includes('tenant_settings'))).toHaveLength(1);
  });
});

describe('a tenant as an entity', () => {
  it('costs one statement to the catalog for 100 representations', async () => {
    const ids = [acme.id, globex.id, ...Array.from({ length: 98 }, () => randomUUID())];
    let answer: Answer = {};
    const statements = await installation.statements.record(async () => {
      answer = await inProcess.ask(reader, entities('slug'), { variables: representationsOf(...ids) });
    });
    const slugs = (answer.data?.['_entities'] as ({ slug: string } | null)[]).map((entity) => entity?.slug ?? null);
    expect(slugs).toEqual([acme.slug, globex.slug, ...Array.from({ length: 98 }, () => null)]);
    expect(statements).toEqual([{ database: installation.controlDatabase, sql: expect.stringContaining('tenants') }]);
  });

  it('costs a member the same whether it is asked for once or 100 times', async () => {
    const count = async (times: number) => {
      const variables = representationsOf(...Array.from({ length: times }, () => acme.id));
      return (await installation.statements.record(async () => await inProcess.ask(member, entities('slug settings { locale }'), { variables }))).length;
    };
    await count(1);
    expect([await count(1), await count(100)]).toEqual([3, 3]);
  });

  it('is, to a member, their own tenant and no other', async () => {
    const variables = representationsOf(acme.id, globex.id, acme.id.toUpperCase(), 'nonsense');
    expect(await inProcess.ask(member, entities(everything), { variables })).toMatchObject({
      data: { _entities: [{ slug: acme.slug, settings: { locale: 'en' } }, null, { slug: acme.slug }, null] },
    });
  });

  it.each([
    ['somebody with a token and no user', () => memberOf(acme.id), 'FORBIDDEN'],
    ['nobody', () => null, 'UNAUTHENTICATED'],
    ['an operator without tenants:read', () => operatorWith('tenants:write'), 'TENANT_REQUIRED'],
    ['a member who claims to be an operator', () => ({ ...memberOf(acme.id), scopes: ['tenants:read'] }), 'FORBIDDEN'],
  ])('is nothing to %s', async (_who, principal, code) => {
    const answer = await inProcess.ask(principal(), entities('id slug'), { variables: representationsOf(acme.id, globex.id) });
    expect([answer.data, codesOf(answer)]).toEqual([{ _entities: [null, null] }, [code, code]]);
  });

  it('does not show more than it is through the fields of a representation', async () => {
    const variables = { representations: [{ __typename: 'Tenant', id: globex.id, slug: 'forged', status: 'ACTIVE' }] };
    expect(await inProcess.ask(member, entities('slug status'), { variables })).toEqual({ data: { _entities: [null] } });
  });
});

describe('Query.tenants', () => {
  const list = 'query ($first: Int, $after: String, $filter: TenantFilter) { tenants(first: $first, after: $after, filter: $filter) { totalCount nodes { slug } edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }';
  interface Page {
    totalCount: number;
    nodes: { slug: string }[];
    pageInfo: { hasNextPage: boolean; hasPreviousPage: boolean; startCursor: string; endCursor: string };
  }
  const pageOf = async (variables: Record<string, unknown>) => (await inProcess.ask(reader, list, { variables })).data?.['tenants'] as Page;

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
    expect(slugs.slice(-2)).toEqual([acme.slug, globex.slug]);
  });

  it('filters by a part of the slug, by status and by tier', async () => {
    expect(await pageOf({ filter: { search: acme.slug.slice(1).toUpperCase() } })).toMatchObject({ totalCount: 1, nodes: [{ slug: acme.slug }] });
    expect(await pageOf({ filter: { search: acme.slug, status: 'SUSPENDED' } })).toMatchObject({ totalCount: 0, nodes: [] });
    expect(await pageOf({ filter: { search: acme.slug, tier: 'PREMIUM' } })).toMatchObject({ totalCount: 0 });
    expect(await pageOf({ filter: { search: '%' } })).toMatchObject({ totalCount: 0 });
  });

  it.each([{ first: -1 }, { first: 0 }, { first: 101 }, { after: 'nonsense' }])('refuses %j', async (variables) => {
    const answer = await inProcess.ask(reader, list, { variables });
    expect([answer.data, codesOf(answer)]).toEqual([null, ['BAD_USER_INPUT']]);
  });

  it.each([
    ['a member', () => member, 'FORBIDDEN'],
    ['an operator without tenants:read', () => operatorWith('tenants:write', 'tenants:impersonate'), 'FORBIDDEN'],
    ['nobody', () => null, 'UNAUTHENTICATED'],
  ])('is refused to %s', async (_who, principal, code) => {
    const answer = await inProcess.ask(principal(), '{ tenants { totalCount } }');
    expect([answer.data, codesOf(answer)]).toEqual([null, [code]]);
  });

  it('shows an operator what tenants take up, and not their settings', async () => {
    const query = `{ tenants(filter: { search: "${acme.slug}" }) { nodes { usage { databaseBytes } settings { locale } } } }`;
    const answer = await inProcess.ask(reader, query);
    expect(answer.data).toEqual({ tenants: { nodes: [{ usage: { databaseBytes: expect.any(Number) }, settings: null }] } });
    expect(codesOf(answer)).toEqual(['FORBIDDEN']);
  });
});

describe('Mutation.updateTenantSettings', () => {
  const update = (input: object) => ({
    query: 'mutation ($input: UpdateTenantSettingsInput!) { updateTenantSettings(input: $input) { tenant { id settings { locale timeZone invitationDays } } userErrors { code field message } } }',
    options: { variables: { input } },
  });
  const change = async (principal: Principal | null, input: object, within?: string) => {
    const { query, options } = update(input);
    return await inProcess.ask(principal, query, { ...options, ...(within && { within }) });
  };
  const settingsOf = async () => (await inProcess.ask(member, '{ tenant { settings { locale timeZone invitationDays } } }')).data?.['tenant'];

  it('changes what is given and leaves the rest', async () => {
    expect(await change(admin, { timeZone: 'Europe/Zurich' })).toEqual({
      data: {
        updateTenantSettings: { tenant: { id: acme.id, settings: { locale: 'en', timeZone: 'Europe/Zurich', invitationDays: 14 } }, userErrors: [] },
      },
    });
    await change(admin, { locale: 'de-ch', timeZone: null, invitationDays: 7 });
    expect(await settingsOf()).toEqual({ settings: { locale: 'de-CH', timeZone: 'Europe/Zurich', invitationDays: 7 } });
    await change(admin, {});
    expect(await settingsOf()).toEqual({ settings: { locale: 'de-CH', timeZone: 'Europe/Zurich', invitationDays: 7 } });
  });

  it('names every field at fault and changes nothing', async () => {
    const answer = await change(admin, { locale: 'xx-YY', timeZone: 'Mars/Olympus', invitationDays: 0 });
    expect(answer.data).toMatchObject({
      updateTenantSettings: {
        tenant: null,
        userErrors: [
          { code: 'INVALID_LOCALE', field: 'locale' },
          { code: 'INVALID_TIME_ZONE', field: 'timeZone' },
          { code: 'INVALID_INVITATION_DAYS', field: 'invitationDays' },
        ],
      },
    });
    expect((await change(admin, { locale: 'fr', invitationDays: 91 })).data).toMatchObject({ updateTenantSettings: { tenant: null } });
    expect(await settingsOf()).toEqual({ settings: { locale: 'en', timeZone: 'UTC', invitationDays: 14 } });
  });

  it('changes the settings of the caller’s own tenant only', async () => {
    await change(globexMember, { locale: 'fr' });
    expect(await settingsOf()).toMatchObject({ settings: { locale: 'en' } });
  });

  it('is for administrators and operators who act as one', async () => {
    expect(codesOf(await change(member, { locale: 'fr' }))).toEqual(['FORBIDDEN']);
    expect(codesOf(await change(memberOf(acme.id), { locale: 'fr' }))).toEqual(['FORBIDDEN']);
    expect(codesOf(await change(null, { locale: 'fr' }))).toEqual(['UNAUTHENTICATED']);
    expect(codesOf(await change(writer, { locale: 'fr' }))).toEqual(['TENANT_REQUIRED']);
    expect(await settingsOf()).toMatchObject({ settings: { locale: 'en' } });
    expect(await change(impersonator, { locale: 'fr' }, acme.id)).not.toHaveProperty('errors');
    expect(await settingsOf()).toMatchObject({ settings: { locale: 'fr' } });
  });
});

describe('Mutation.suspendTenant and resumeTenant', () => {
  const set = async (field: 'suspendTenant' | 'resumeTenant', principal: Principal | null, id: string) =>
    await inProcess.ask(principal, `mutation ($id: ID!) { ${field}(id: $id) { tenant { id status } } }`, { variables: { id } });

  it('shut a tenant’s members out and let them in again', async () => {
    expect(await set('suspendTenant', writer, acme.id)).toEqual({ data: { suspendTenant: { tenant: { id: acme.id, status: 'SUSPENDED' } } } });
    await expect.poll(async () => codesOf(await inProcess.ask(member, '{ tenant { slug } }'))).toEqual(['TENANT_SUSPENDED']);
    expect(await inProcess.ask(reader, entities('status'), { variables: representationsOf(acme.id) })).toEqual({
      data: { _entities: [{ status: 'SUSPENDED' }] },
    });
    expect(await set('resumeTenant', writer, acme.id)).toEqual({ data: { resumeTenant: { tenant: { id: acme.id, status: 'ACTIVE' } } } });
    await expect
      .poll(async () => await inProcess.ask(member, '{ tenant { slug } }'))
      .toEqual({ data: { tenant: { slug: acme.slug } } });
  });

  it.each(['suspendTenant', 'resumeTenant'] as const)('%s is for operators with tenants:write', async (field) => {
    expect(codesOf(await set(field, reader, acme.id))).toEqual(['FORBIDDEN']);
    expect(codesOf(await set(field, admin, acme.id))).toEqual(['FORBIDDEN']);
    expect(codesOf(await set(field, null, acme.id))).toEqual(['UNAUTHENTICATED']);
    expect(await inProcess.ask(member, '{ tenant { status } }')).toEqual({ data: { tenant: { status: 'ACTIVE' } } });
  });

  it.each(['suspendTenant', 'resumeTenant'] as const)('%s of no tenant says so', async (field) => {
    for (const id of [randomUUID(), 'nonsense']) expect(codesOf(await set(field, writer, id))).toEqual(['NOT_FOUND']);
  });
});

describe('Mutation.provisionTenant', () => {
  const provision = async (principal: Principal | null, input: object, idempotencyKey?: string) =>
    await inProcess.ask(
      principal,
      'mutation ($input: ProvisionTenantInput!, $key: String) { provisionTenant(input: $input, idempotencyKey: $key) { tenant { id slug name tier status schemaVersion } userErrors { code field message } } }',
      { variables: { input, key: idempotencyKey } },
    );
  const slugOf = (label: string) => `${label}-${randomUUID().slice(0, 8)}`;

  it('makes a tenant that can be used at once', async () => {
    const slug = slugOf('umbrella');
    const answer = await provision(writer, { slug, name: 'Umbrella' });
    expect(answer.data).toMatchObject({ provisionTenant: { tenant: { slug, name: 'Umbrella', tier: 'STANDARD', status: 'ACTIVE' }, userErrors: [] } });
    const { id } = (answer.data?.['provisionTenant'] as { tenant: Tenant }).tenant;
    const owner = await installation.addUser(id, { role: 'OWNER' });
    expect(await inProcess.ask(owner, '{ tenant { slug settings { locale } } }')).toEqual({ data: { tenant: { slug, settings: { locale: 'en' } } } });
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
    expect(codesOf(await provision(admin, input))).toEqual(['FORBIDDEN']);
    expect(codesOf(await provision(null, input))).toEqual(['UNAUTHENTICATED']);
    expect((await installation.services.catalog.listTenants({ first: 1, filter: { search: input.slug } })).totalCount).toBe(0);
  });
});

describe('a process without clusters', () => {
  it('says what it lacks, and answers the rest', async () => {
    const caller = createTestCaller(subgraph, { services: { ...installation.services, control: null } });
    const answer = await caller.ask(member, '{ tenant { slug usage { connections } } }');
    expect(answer.data).toEqual({ tenant: { slug: acme.slug, usage: null } });
    expect(answer.errors).toMatchObject([{ message: expect.stringContaining('TENANT_CLUSTERS') }]);
  });
});
