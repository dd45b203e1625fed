import { randomBytes, randomUUID } from 'node:crypto';
import { createContextSigner, type Principal } from '@tenantry/auth';
import type { Tenant } from '@tenantry/tenant-control';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { createHttpTestCaller, createTestCaller, type Answer, type TestCaller } from './testing/caller.ts';
import { memberOf, openTestInstallation, operatorWith, type TestInstallation } from './testing/installation.ts';
import { countLeases, type LeaseCounter } from './testing/lease-counter.ts';
import { defineProbe } from './testing/probe.ts';

const probe = defineProbe();
const operator = operatorWith('tenants:impersonate');
const resources = new AsyncDisposableStack();
const callers = new Map<string, TestCaller>();
let installation: TestInstallation;
let leases: LeaseCounter;
let tenant: Tenant;
let member: Principal;

beforeAll(async () => {
  installation = resources.use(await openTestInstallation(inject('postgresUrl')));
  leases = countLeases(installation.services.pool);
  const services = { ...installation.services, pool: leases.pool };
  callers.set('in process', createTestCaller(probe, { services }));
  callers.set('over HTTP', resources.use(await createHttpTestCaller(probe, { services })));
  callers.set('in development', createTestCaller(probe, { services, mode: 'development' }));
  tenant = await installation.provision();
  member = await installation.addUser(tenant.id, { role: 'ADMIN' });
});
afterAll(async () => await resources.disposeAsync());

function caller(name = 'in process'): TestCaller {
  const found = callers.get(name);
  if (!found) throw new Error(`There is no caller ${name}.`);
  return found;
}

const nested = (depth: number) => `{ ${'thing { '.repeat(depth)} id ${'}'.repeat(depth)} }`;
const codesOf = ({ errors = [] }: Answer) => errors.map(({ extensions }) => extensions.code);

async function controlQuery(sql: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: installation.controlDatabaseUrl });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

describe.each(['in process', 'over HTTP'])('a subgraph asked %s', (transport) => {
  it('answers who comes with a signed context', async () => {
    expect(await caller(transport).ask(member, '{ role userCount }')).toEqual({ data: { role: 'ADMIN', userCount: 1 } });
  });

  it('refuses everything without one, what cannot even be parsed included', async () => {
    for (const query of ['{ open }', '{ __typename }', '{ __schema { queryType { name } } }', '{ _service { sdl } }', '{{{', '']) {
      const answer = await caller(transport).askUnsigned(undefined, query);
      expect(codesOf(answer)).toEqual(['UNAUTHENTICATED']);
      expect(answer).not.toHaveProperty('data');
    }
  });

  it('refuses a context that is forged, for another subgraph, out of date or garbage', async () => {
    const { signingKey, askUnsigned } = caller(transport);
    const context = { principal: member, tenantId: tenant.id, impersonated: false, origin: null };
    const bad = [
      createContextSigner({ key: randomBytes(32) }).sign(context, 'probe'),
      createContextSigner({ key: signingKey }).sign(context, 'users'),
      createContextSigner({ key: signingKey, lifetimeSeconds: -60 }).sign(context, 'probe'),
      'garbage',
      '',
    ];
    for (const signed of bad) expect(await askUnsigned(signed, '{ open }')).not.toHaveProperty('data');
    for (const signed of bad) expect(codesOf(await askUnsigned(signed, '{ open }'))).toEqual(['UNAUTHENTICATED']);
  });

  it('answers what is public in the schema to nobody in particular, and nothing more', async () => {
    expect(await caller(transport).ask(null, '{ open }')).toEqual({ data: { open: 'open' } });
    for (const field of ['role', 'userCount', 'userCountForAnyone', 'unchecked']) {
      const answer = await caller(transport).ask(null, `{ ${field} }`);
      expect([answer.data, codesOf(answer)]).toEqual([{ [field]: null }, ['UNAUTHENTICATED']]);
    }
  });

  it('refuses introspection in production', async () => {
    for (const query of ['{ __schema { queryType { name } } }', '{ _service { sdl } }', '{ a: _service { sdl } open }']) {
      const answer = await caller(transport).ask(member, query);
      expect(new Set(codesOf(answer))).toEqual(new Set(['GRAPHQL_VALIDATION_FAILED']));
      expect(answer).not.toHaveProperty('data');
    }
  });

  it('says what is wrong with an operation', async () => {
    const { ask } = caller(transport);
    expect(codesOf(await ask(member, '{ open'))).toEqual(['GRAPHQL_PARSE_FAILED']);
    expect(codesOf(await ask(member, '{ opne }'))).toEqual(['GRAPHQL_VALIDATION_FAILED']);
    expect(codesOf(await ask(member, 'query A { open } query B { open }'))).toEqual(['OPERATION_RESOLUTION_FAILURE']);
    const answer = await ask(member, 'query ($s: Float!) { sleep(seconds: $s) }', { variables: { s: 'long' } });
    expect(codesOf(answer)).toEqual(['BAD_USER_INPUT']);
    expect(answer.errors?.[0]?.message).toContain('"$s"');
  });

  it('refuses a document that is too long or too deep', async () => {
    const { ask } = caller(transport);
    expect(codesOf(await ask(member, `{ ${'open '.repeat(100_000)} }`))).toEqual(['GRAPHQL_PARSE_FAILED']);
    expect(await ask(member, nested(199))).toEqual({ data: { thing: null } });
    expect(codesOf(await ask(member, nested(200)))).toEqual(['GRAPHQL_VALIDATION_FAILED']);
    expect(codesOf(await ask(member, nested(20_000)))).toEqual(['OPERATION_TOO_COMPLEX']);
  });

  it.each(['{ __typename: "Pear" }', '{ __typename: "Query" }', '{ __typename: 1 }', '{ id: "1" }', '1'])(
    'takes a reference to %s, which is no entity, for a fault of the caller',
    async (representation) => {
      const answer = await caller(transport).ask(member, `{ _entities(representations: [${representation}]) { __typename } }`);
      expect([answer.data, codesOf(answer)]).toEqual([null, ['BAD_USER_INPUT']]);
    },
  );

  it('tells nothing of an error that is its own fault but the request it was', async () => {
    const answer = await caller(transport).ask(member, '{ broken }', { requestId: 'r-broken' });
    expect(answer.errors).toMatchObject([{ path: ['broken'], extensions: { code: 'INTERNAL_SERVER_ERROR', requestId: 'r-broken' } }]);
    expect(JSON.stringify(answer)).not.toContain('a detail of ours');
  });

  it('calls a request by a name of its own where it was given none that is fit', async () => {
    const answer = await caller(transport).ask(member, '{ broken }', { requestId: 'two words' });
    expect(answer.errors?.[0]?.extensions['requestId']).toMatch(/^[\da-f-]{36}$/);
  });
});

describe('a request', () => {
  it('without a tenant reaches no database', async () => {
    expect(codesOf(await caller().ask(operator, '{ userCount }'))).toEqual(['TENANT_REQUIRED']);
  });

  it('reaches the database of its own tenant and no other', async () => {
    const other = await installation.provision();
    const stranger = await installation.addUser(other.id);
    expect(await caller().ask(stranger, '{ emails }')).toEqual({ data: { emails: [stranger.email] } });
    expect(await caller().ask(member, '{ emails }')).toMatchObject({ data: { emails: [member.email] } });
  });

  it.each([
    ['nobody of the tenant', async () => memberOf(tenant.id)],
    ['invited only', async () => await installation.addUser(tenant.id, { status: 'INVITED' })],
    ['deactivated', async () => await installation.addUser(tenant.id, { status: 'DEACTIVATED' })],
    ['of the same subject at another issuer', async () => ({ ...member, issuer: 'https://other.example' })],
  ])('of somebody who is %s is refused even where a resolver forgot to check', async (_who, principal) => {
    const answer = await caller().ask(await principal(), '{ role unchecked }');
    expect([answer.data, codesOf(answer)]).toEqual([{ role: null, unchecked: null }, ['FORBIDDEN', 'FORBIDDEN']]);
  });

  it('of somebody who is not a member yet reaches the database only where that is said', async () => {
    const answer = await caller().ask(memberOf(tenant.id), '{ userCountForAnyone }');
    expect(answer.data?.['userCountForAnyone']).toBeGreaterThan(0);
  });

  it('asks for the membership once, in one statement, whatever it reads', async () => {
    const statements = await installation.statements.record(async () => {
      expect(await caller().ask(member, '{ a: role b: role userCount }')).not.toHaveProperty('errors');
    });
    expect(statements.filter(({ sql }) => sql.includes('subject'))).toHaveLength(1);
    expect(statements).toHaveLength(2);
  });

  it('takes one lease, and returns it whatever happens', async () => {
    for (const query of ['{ a: userCount b: userCount }', '{ broken a: userCount }', '{ a: broken b: broken }']) {
      const { taken } = leases;
      await caller().ask(member, query);
      expect([leases.taken - taken, leases.returned]).toEqual([1, leases.taken]);
    }
  });

  it('that reads no data takes no lease', async () => {
    const { taken } = leases;
    await caller().ask(member, '{ open }');
    expect(leases.taken).toBe(taken);
  });

  it('to an unknown or a suspended tenant says so', async () => {
    expect(codesOf(await caller().ask(memberOf(randomUUID()), '{ userCount }'))).toEqual(['TENANT_NOT_FOUND']);
    const suspended = await installation.provision();
    const principal = await installation.addUser(suspended.id);
    await installation.control.suspendTenant(suspended.id, { ...principal, requestId: 'r' });
    await expect.poll(async () => codesOf(await caller().ask(principal, '{ userCount }'))).toEqual(['TENANT_SUSPENDED']);
  });
});

describe('an aborted request', () => {
  it('does not begin', async () => {
    const { handler, sign } = caller();
    const execution = handler.execute({ query: '{ open }' }, sign(member), { signal: AbortSignal.abort() });
    await expect(execution).rejects.toThrow('aborted');
  });

  it('stops waiting for a query, and returns its lease', async () => {
    const { handler, sign } = caller();
    const { taken } = leases;
    const started = performance.now();
    const execution = handler.execute({ query: '{ sleep(seconds: 6) }' }, sign(member), { signal: AbortSignal.timeout(300) });
    await expect(execution).rejects.toThrow('timeout');
    expect(performance.now() - started).toBeLessThan(3_000);
    expect([leases.taken - taken, leases.returned]).toEqual([1, leases.taken]);
  });

  it('lets a mutation that has begun run to its end', async () => {
    const { handler, sign } = caller();
    const email = `${randomUUID()}@people.example`;
    const operation = { query: 'mutation ($email: String!) { addUser(email: $email, seconds: 0.5) }', variables: { email } };
    const result = await handler.execute(operation, sign(member), { signal: AbortSignal.timeout(100) });
    expect(result).toMatchObject({ data: { addUser: true } });
    expect((await caller().ask(member, '{ emails }')).data?.['emails']).toContain(email);
    expect(leases.returned).toBe(leases.taken);
  });
});

describe('an operator who acts in a tenant', () => {
  it('is an administrator there, and on record before anything is read', async () => {
    const requestId = randomUUID();
    const answer = await caller().ask(operator, 'query Peek { role userCount }', { within: tenant.id, requestId });
    expect(answer.data).toMatchObject({ role: 'ADMIN' });
    const audited = await controlQuery(
      `SELECT action, issuer, subject, tenant_id, outcome FROM audit_log WHERE request_id = '${requestId}'`,
    );
    const { issuer, subject } = operator;
    expect(audited).toEqual([{ action: 'tenant.impersonate', issuer, subject, tenant_id: tenant.id, outcome: 'ALLOWED' }]);
  });

  it.each([
    ['query Harmless { open: userCount ...More } fragment More on Query { role again: role }', 'query', 'userCount, role'],
    ['mutation Harmless { role: addUser(email: "audited@people.example") }', 'mutation', 'addUser'],
  ])('is on record with what was done, whatever it is called: %s', async (query, type, fields) => {
    const requestId = randomUUID();
    await caller().ask(operator, query, { within: tenant.id, requestId });
    const audited = await controlQuery(`SELECT detail FROM audit_log WHERE request_id = '${requestId}'`);
    expect(audited).toEqual([{ detail: { operation: 'probe:Harmless', type, fields } }]);
  });

  it('is refused when that cannot be recorded', async () => {
    await controlQuery('ALTER TABLE audit_log RENAME TO audit_log_away');
    try {
      const { taken } = leases;
      const answer = await caller().ask(operator, '{ open userCount }', { within: tenant.id });
      expect([answer.data, codesOf(answer)]).toEqual([undefined, ['INTERNAL_SERVER_ERROR']]);
      expect(leases.taken).toBe(taken);
    } finally {
      await controlQuery('ALTER TABLE audit_log_away RENAME TO audit_log');
    }
  });
});

describe('in development', () => {
  const introspections = [
    '{ __schema { queryType { name } } }',
    '{ _service { sdl } }',
    'fragment F on Query { __type(name: "Query") { name } } { ...F }',
  ];

  it.each(introspections)('%s is answered without a context', async (query) => {
    expect(await caller('in development').askUnsigned(undefined, query)).not.toHaveProperty('errors');
  });

  it.each([
    '{ __typename open }',
    '{ ... on Query { open } }',
    'fragment F on Query { open } { __typename ...F }',
    'mutation { __typename }',
    '{ _service { sdl } userCountForAnyone }',
  ])('%s is not', async (query) => {
    expect(codesOf(await caller('in development').askUnsigned(undefined, query))).toEqual(['UNAUTHENTICATED']);
  });

  it('fragments that double without end take no time to tell apart', async () => {
    const doubling = Array.from({ length: 80 }, (_, index) => `fragment F${index} on Query { ...F${index + 1} ...F${index + 1} }`).join(
      ' ',
    );
    const { askUnsigned } = caller('in development');
    expect(await askUnsigned(undefined, `{ ...F0 } ${doubling} fragment F80 on Query { __typename }`)).toEqual({
      data: { __typename: 'Query' },
    });
    expect(codesOf(await askUnsigned(undefined, `{ ...F0 } ${doubling} fragment F80 on Query { open }`))).toEqual(['UNAUTHENTICATED']);
  });

  it('a bad context is refused for introspection too', async () => {
    expect(codesOf(await caller('in development').askUnsigned('garbage', '{ __typename }'))).toEqual(['UNAUTHENTICATED']);
  });
});
