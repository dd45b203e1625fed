import { randomUUID } from 'node:crypto';
import type { Principal } from '@tenantry/auth';
import type { Tenant } from '@tenantry/tenant-control';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { createHttpTestCaller, createTestCaller, type Answer, type TestCaller, type TestSubscription } from '../testing/caller.ts';
import { memberOf, openTestInstallation, operatorWith, type TestInstallation } from '../testing/installation.ts';
import { countLeases, type LeaseCounter } from '../testing/lease-counter.ts';
import { defineSubscriptionProbe } from '../testing/subscription-probe.ts';

const { subgraph } = defineSubscriptionProbe();
const changed = 'subscription { changed { id userCount } }';
const operator = operatorWith('tenants:impersonate');
const actor = { issuer: 'test', subject: 'test', requestId: 'test' };
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
  callers.set('in process', createTestCaller(subgraph, { services }));
  callers.set('over HTTP', resources.use(await createHttpTestCaller(subgraph, { services })));
  tenant = await installation.provision();
  member = await installation.addUser(tenant.id);
});
afterAll(async () => await resources.disposeAsync());

/** Another tenant, of which a test may make what it likes, and its one member. */
async function otherTenant(): Promise<{ id: string; only: Principal }> {
  const { id } = await installation.provision();
  return { id, only: await installation.addUser(id) };
}

function caller(name = 'in process'): TestCaller {
  const found = callers.get(name);
  if (!found) throw new Error(`There is no caller ${name}.`);
  return found;
}

function announce(id: string, tenantId = tenant.id): void {
  installation.services.events.announce({ tenantId, topic: 'thing', id });
}

async function subscribed(principal: Principal, options: Parameters<TestCaller['subscribe']>[2] & { over?: string } = {}) {
  const subscription = caller(options.over).subscribe(principal, changed, options);
  await subscription.established;
  return subscription;
}

const codesOf = ({ errors = [] }: Answer) => errors.map(({ extensions }) => extensions.code);

/** The codes of the last result, which has no data, after which there is none. */
async function endOf(subscription: TestSubscription): Promise<string[]> {
  const { value } = await subscription.next();
  if (!value) throw new Error('The subscription has ended without a word.');
  expect(value.data ?? null).toBeNull();
  expect(await subscription.next()).toEqual({ done: true, value: undefined });
  return codesOf(value);
}

async function refusalOf(principal: Principal | null, query = changed, options: { over?: string; within?: string } = {}) {
  return await endOf(caller(options.over).subscribe(principal, query, options));
}

async function allOf(subscription: TestSubscription): Promise<Answer[]> {
  const results: Answer[] = [];
  for await (const result of subscription) results.push(result);
  return results;
}

async function closed(): Promise<void> {
  await expect.poll(() => installation.services.subscriptions.open).toBe(0);
}

describe.for(['in process', 'over HTTP'])('a subscription %s', (over) => {
  it('is answered until its events end', async () => {
    const results = await allOf(caller(over).subscribe(null, 'subscription { count }'));
    expect(results).toEqual([1, 2, 3].map((count) => ({ data: { count } })));
    await closed();
  });

  it('answers each event by a request of its own, and holds no lease in between', async () => {
    const { id: tenantId, only } = await otherTenant();
    const subscription = await subscribed(only, { over });
    for (const [id, userCount] of [
      ['a', 1],
      ['b', 2],
    ] as const) {
      expect(leases.returned).toBe(leases.taken);
      const { taken } = leases;
      announce(id, tenantId);
      expect(await subscription.next()).toEqual({ value: { data: { changed: { id, userCount } } } });
      await expect.poll(() => leases.returned).toBe(leases.taken);
      expect(leases.taken).toBe(taken + 1);
      await installation.addUser(tenantId);
    }
    await subscription.return();
    await closed();
  });

  it('hears nothing of another tenant', async () => {
    const { id, only } = await otherTenant();
    const subscriptions = [await subscribed(member, { over }), await subscribed(only, { over })];
    announce('theirs', id);
    announce('ours');
    const results = await Promise.all(subscriptions.map(async (subscription) => await subscription.next()));
    expect(results.map(({ value }) => value?.data)).toMatchObject([{ changed: { id: 'ours' } }, { changed: { id: 'theirs' } }]);
    await Promise.all(subscriptions.map(async (subscription) => await subscription.return()));
  });

  it('ends when its tenant is suspended, and is refused until that is over, and when it is deleted', async () => {
    const { id, only } = await otherTenant();
    const subscription = await subscribed(only, { over });
    await installation.control.suspendTenant(id, actor);
    expect(await endOf(subscription)).toEqual(['TENANT_SUSPENDED']);
    await closed();
    expect(await refusalOf(only, changed, { over })).toEqual(['TENANT_SUSPENDED']);
    await installation.control.resumeTenant(id, actor);
    const again = await subscribed(only, { over });
    announce('a', id);
    expect((await again.next()).value?.data).toMatchObject({ changed: { id: 'a' } });
    await installation.control.deleteTenant(id, actor);
    expect(await endOf(again)).toEqual(['TENANT_NOT_FOUND']);
    expect(await refusalOf(only, changed, { over })).toEqual(['TENANT_NOT_FOUND']);
    await closed();
  });

  it('ends when its token expires', async () => {
    const inASecond = { ...member, expiresAt: Date.now() / 1000 + 1 };
    const subscription = await subscribed(inASecond, { over });
    expect(await endOf(subscription)).toEqual(['UNAUTHENTICATED']);
    expect(await refusalOf(inASecond, changed, { over })).toEqual(['UNAUTHENTICATED']);
    await closed();
  });

  it('is refused like any other operation', async () => {
    expect(await refusalOf(null, changed, { over })).toEqual(['UNAUTHENTICATED']);
    expect(await refusalOf(memberOf(tenant.id), changed, { over })).toEqual(['FORBIDDEN']);
    expect(await refusalOf(memberOf(randomUUID()), changed, { over })).toEqual(['TENANT_NOT_FOUND']);
    expect(await refusalOf(member, 'subscription { operated }', { over })).toEqual(['FORBIDDEN']);
    expect(await refusalOf(operator, changed, { over })).toEqual(['TENANT_REQUIRED']);
    expect(await refusalOf(member, 'subscription { chnaged }', { over })).toEqual(['GRAPHQL_VALIDATION_FAILED']);
    expect(await refusalOf(member, 'subscription { changed { id', { over })).toEqual(['GRAPHQL_PARSE_FAILED']);
    expect(await refusalOf(member, 'subscription ($c: Int!) { flood(characters: $c) }', { over })).toEqual(['BAD_USER_INPUT']);
    const broken = await allOf(caller(over).subscribe(member, 'subscription { broken }', { requestId: 'r-broken' }));
    expect(broken).toMatchObject([{ errors: [{ extensions: { code: 'INTERNAL_SERVER_ERROR', requestId: 'r-broken' } }] }]);
    expect(JSON.stringify(broken)).not.toContain('a detail of ours');
    await closed();
  });

  it('goes on after an event that could be answered in part only', async () => {
    const subscription = caller(over).subscribe(member, 'subscription { changed { id failing } }');
    await subscription.established;
    for (const id of ['a', 'b']) {
      announce(id);
      const { value } = await subscription.next();
      expect(value).toMatchObject({ data: { changed: { id, failing: null } }, errors: [{ path: ['changed', 'failing'] }] });
    }
    await subscription.return();
  });

  it('ends with the first event that its subscriber may not have any more', async () => {
    const leaving = await installation.addUser(tenant.id);
    const subscription = await subscribed(leaving, { over });
    await using lease = await installation.services.pool.lease(tenant.id, { operation: 'test' });
    await lease.db.user.updateMany({ where: { subject: leaving.subject }, data: { status: 'DEACTIVATED' } });
    announce('a');
    expect(await endOf(subscription)).toEqual(['FORBIDDEN']);
    await closed();
  });

  it('is the way to the result of a query, too', async () => {
    expect(await allOf(caller(over).subscribe(member, '{ open }'))).toEqual([{ data: { open: 'open' } }]);
  });

  it('is not answered by a single result', async () => {
    const answer = await caller(over).ask(member, changed);
    expect(codesOf(answer)).toEqual(['BAD_USER_INPUT']);
    expect(answer.errors?.[0]?.message).toContain('text/event-stream');
  });
});

describe('a subscription', () => {
  it('within a tenant by an operator is on record once', async () => {
    const requestId = randomUUID();
    const subscription = await subscribed(operator, { within: tenant.id, requestId });
    announce('a');
    await subscription.next();
    await subscription.return();
    const client = new Client({ connectionString: installation.controlDatabaseUrl });
    await client.connect();
    const { rows } = await client.query('SELECT action, subject, tenant_id, detail FROM audit_log WHERE request_id = $1', [requestId]);
    await client.end();
    const detail = { operation: 'probe:subscription', type: 'subscription', fields: 'changed' };
    expect(rows).toEqual([{ action: 'tenant.impersonate', subject: operator.subject, tenant_id: tenant.id, detail }]);
  });

  it('ends at once when its reader leaves, whatever is waited for', async () => {
    const subscription = await subscribed(member);
    const waiting = subscription.next();
    await subscription.return();
    expect(await waiting).toEqual({ done: true, value: undefined });
    await closed();
  });

  it('that nobody has read ends when its reader leaves', async () => {
    await (await subscribed(member)).return();
    await closed();
    const { handler, sign } = caller();
    const leaving = new AbortController();
    const unread = handler.subscribe({ query: changed }, sign(member), { signal: leaving.signal });
    await unread.established;
    expect(installation.services.subscriptions.open).toBe(1);
    leaving.abort();
    await closed();
  });

  it('throws the reason of an abort', async () => {
    const { handler, sign } = caller();
    const leaving = new AbortController();
    const subscription = handler.subscribe({ query: changed }, sign(member), { signal: leaving.signal });
    const waiting = subscription.next();
    leaving.abort(new Error('no more'));
    await expect(waiting).rejects.toThrow('no more');
    const late = handler.subscribe({ query: changed }, sign(member), { signal: leaving.signal });
    await expect(late.next()).rejects.toThrow('no more');
    await closed();
  });

  it('without a signed context is none', async () => {
    for (const signed of [undefined, '', 'garbage']) {
      const results = caller().handler.subscribe({ query: 'subscription { count }' }, signed);
      expect((await results.next()).value?.errors?.[0]?.extensions['code']).toBe('UNAUTHENTICATED');
      expect((await results.next()).done).toBe(true);
    }
  });

  it('is counted', async () => {
    const subscription = await subscribed(member);
    expect(installation.services.subscriptions.open).toBe(1);
    await subscription.return();
  });
});
