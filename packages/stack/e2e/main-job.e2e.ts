import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import type { StackOptions } from '../src/index.ts';
import { startTestStack, type TestStack, type TestTenant } from './support/test-stack.ts';

const redisUrl = inject('redisUrl');

describe('in one process', () => {
  describeMainJob({ transport: 'in-process' });
});
describe('over HTTP', () => {
  describeMainJob({ transport: 'http' });
});
describe.runIf(redisUrl)(`over HTTP, with Redis (${redisUrl ? 'found' : inject('redisMissing')})`, () => {
  describeMainJob({ transport: 'http', redisUrl });
});

/** One token, one query, that tenant's own database. */
function describeMainJob(options: Partial<StackOptions>): void {
  let stack: TestStack;
  let acme: TestTenant;
  let globex: TestTenant;

  beforeAll(async () => {
    stack = await startTestStack(options);
    [acme, globex] = await Promise.all([stack.provision('acme'), stack.provision('globex')]);
  });
  afterAll(async () => await stack[Symbol.asyncDispose]());

  test('answers over both subgraphs from the tenant of the token', async () => {
    const query =
      '{ me { email role status tenant { slug settings { locale } } } tenant { name userCount } users(first: 5) { totalCount } }';
    const { data, errors } = await stack.ask(acme.ownerToken, query);
    expect(errors).toBeUndefined();
    expect(data).toEqual({
      me: { email: 'owner@acme.example', role: 'OWNER', status: 'ACTIVE', tenant: { slug: 'acme', settings: { locale: 'en' } } },
      tenant: { name: 'Tenant acme', userCount: 1 },
      users: { totalCount: 1 },
    });
    expect((await stack.ask(globex.ownerToken, query)).data.me.tenant.slug).toBe('globex');
  });

  test('a list with teams and tenant costs as many SQL statements for 50 people as for 2', async () => {
    const query = '{ users(first: 50) { nodes { id teams { id } tenant { slug } } } }';
    await addPeople(stack, acme, 1);
    const few = await countStatements(stack, acme.ownerToken, query);
    await addPeople(stack, acme, 48);
    const many = await countStatements(stack, acme.ownerToken, query);
    expect(few.rows).toBe(2);
    expect(many.rows).toBe(50);
    expect(many.statements).toBe(few.statements);
    // In both subgraphs: who asks. In users: the people, and the teams of them all. In tenants: the tenant, from the catalog.
    expect(many.statements).toBe(5);
  });

  test('a tenant provisioned through the gateway can be queried at once', async () => {
    const operator = stack.operatorToken('tenants:read', 'tenants:write');
    const provisioned = await stack.ask(
      operator,
      `mutation ($input: ProvisionTenantInput!) { provisionTenant(input: $input, idempotencyKey: "first") { tenant { id slug status } userErrors { code } } }`,
      { input: { slug: 'initech', name: 'Initech', firstOwner: { email: 'Bill@Initech.example', name: 'Bill' } } },
    );
    expect(provisioned.errors).toBeUndefined();
    const { tenant } = provisioned.data.provisionTenant;
    expect(tenant).toMatchObject({ slug: 'initech', status: 'ACTIVE' });

    const bill = stack.signToken({ subject: 'bill', tenantId: tenant.id, email: 'bill@initech.example', emailVerified: true });
    expect((await stack.ask(bill, '{ me { id } }')).data).toEqual({ me: null });

    const again = await stack.ask(operator, 'mutation { provisionTenant(input: { slug: "initech", name: "Other" }) { tenant { id } } }');
    expect(again.errors?.[0]?.extensions.code).toBe('CONFLICT');
  });

  test('a suspended tenant is refused in the next request, and served again after it is resumed', async () => {
    const operator = stack.operatorToken('tenants:write');
    const change = async (name: string) =>
      await stack.ask(operator, `mutation ($id: ID!) { ${name}(id: $id) { tenant { status } } }`, { id: globex.tenant.id });
    expect((await stack.ask(globex.ownerToken, '{ me { email } }')).errors).toBeUndefined();
    expect((await change('suspendTenant')).errors).toBeUndefined();
    const refused = await stack.ask(globex.ownerToken, '{ me { email } }');
    expect(refused.errors?.[0]?.extensions.code).toBe('TENANT_SUSPENDED');
    expect(refused.data?.me ?? null).toBeNull();
    expect((await change('resumeTenant')).errors).toBeUndefined();
    expect((await stack.ask(globex.ownerToken, '{ me { email } }')).data.me.email).toBe('owner@globex.example');
  });

  test('an operator reaches a tenant only by impersonation, and every such request is in the audit log', async () => {
    const operator = stack.operatorToken('tenants:read', 'tenants:impersonate');
    const plain = await stack.ask(operator, '{ users(first: 1) { nodes { email } } }');
    expect(plain.errors?.[0]?.extensions.code).toBe('TENANT_REQUIRED');

    const within = await stack.ask(
      operator,
      '{ users(first: 1) { nodes { email } } }',
      {},
      { 'x-tenant-id': acme.tenant.id, 'x-request-id': 'audited-1' },
    );
    expect(within.errors).toBeUndefined();
    expect(within.data.users.nodes).toHaveLength(1);
    expect(await stack.auditOf('audited-1')).toEqual([
      { action: 'tenant.impersonate', subject: 'operator', tenant_id: acme.tenant.id, outcome: 'ALLOWED', origin: '127.0.0.1' },
    ]);
    const log = `{ auditLog(first: 100, filter: { action: "tenant.impersonate", tenantId: "${acme.tenant.id}" }) {
      totalCount nodes { requestId subject origin tenant { slug } detail { name value } } } }`;
    expect((await stack.ask(operator, log)).data.auditLog).toEqual({
      totalCount: 1,
      nodes: [{ requestId: 'audited-1', subject: 'operator', origin: '127.0.0.1', tenant: { slug: 'acme' }, detail: expect.any(Array) }],
    });

    const stranger = await stack.ask(acme.ownerToken, '{ me { email } }', {}, { 'x-tenant-id': globex.tenant.id });
    expect(stranger.errors?.[0]?.extensions.code).toBe('FORBIDDEN');
    expect(stranger.data).toBeNull();
  });
}

async function addPeople(stack: TestStack, { tenant }: TestTenant, count: number): Promise<void> {
  await using lease = await stack.services.pool.lease(tenant.id, { operation: 'test' });
  const team = await lease.db.team.create({ data: { name: `team of ${count} ${Math.random()}` } });
  for (let n = 0; n < count; n++) {
    const user = await lease.db.user.create({ data: { email: `${count}-${n}@acme.example`, name: `Person ${n}` } });
    await lease.db.teamMember.create({ data: { teamId: team.id, userId: user.id } });
  }
}

async function countStatements(stack: TestStack, token: string, query: string): Promise<{ rows: number; statements: number }> {
  let rows = 0;
  const ask = async () => {
    const { data, errors } = await stack.ask(token, query);
    expect(errors).toBeUndefined();
    rows = data.users.nodes.length;
  };
  await ask();
  const statements = await stack.recordStatements(ask);
  return { rows, statements: statements.length };
}
