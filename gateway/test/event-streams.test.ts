import { createClient, type RequestParams } from 'graphql-sse';
import { signDevelopmentToken } from '@tenantry/auth';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { capturingLogger } from './support/capturing-logger.ts';
import { listenersTo, tellChange } from './support/people-changes.ts';
import { movingOn, startSubscriptionServer, type SubscriptionServer } from './support/subscription-server.ts';
import { secret, tenantId, tokenFor, tokens } from './support/test-gateway.ts';

let server: SubscriptionServer;
beforeAll(async () => void (server = await startSubscriptionServer()));
afterAll(async () => await server[Symbol.asyncDispose]());

interface AskOptions {
  token?: string;
  headers?: Record<string, string>;
  on?: SubscriptionServer;
}

/** The results of one operation, by the client of the protocol. */
function ask(operation: RequestParams, { token, headers = {}, on = server }: AskOptions = {}) {
  const client = createClient({
    url: on.url,
    headers: { ...headers, ...(token && { authorization: `Bearer ${token}` }) },
    retryAttempts: 0,
  });
  return client.iterate(operation);
}

async function all<Result>(results: AsyncIterable<Result>): Promise<Result[]> {
  const given: Result[] = [];
  for await (const result of results) given.push(result);
  return given;
}

describe('over an event stream', () => {
  test('the results of a subscription come one after the other, until it is complete', async () => {
    const results = await all(ask({ query: 'subscription { count(to: 3) }' }));
    expect(results).toEqual([1, 2, 3].map((count) => ({ data: { count } })));
  });

  test('events come as they happen, and stop when the client leaves', async () => {
    const id = 'ada';
    const query = 'subscription Changes($id: ID!) { personChanged(id: $id) { id name } }';
    const changes = ask({ query, variables: { id } }, { token: tokenFor('ada') });
    const first = changes.next();
    await vi.waitFor(() => expect(listenersTo(id)).toBe(1));
    tellChange(id);
    expect(await first).toEqual({ done: false, value: { data: { personChanged: { id: 'ada', name: 'Name of ada' } } } });
    await changes.return?.();
    await vi.waitFor(() => expect(listenersTo(id)).toBe(0));
    expect(await openSubscriptions(server)).toBe(0);
  });

  test('a query or a mutation is answered once', async () => {
    expect(await all(ask({ query: '{ greet(name: "x") }' }))).toEqual([{ data: { greet: 'Hello, x!' } }]);
    const mutation = 'mutation { rename(id: "ada", name: "Ada") { name } }';
    expect(await all(ask({ query: mutation }, { token: tokenFor('ada') }))).toEqual([{ data: { rename: { name: 'Ada' } } }]);
  });

  test('one operation of several is chosen by its name', async () => {
    const query = 'subscription A { count(to: 1) } subscription B { count(to: 2) }';
    expect(await all(ask({ query, operationName: 'B' }))).toHaveLength(2);
  });

  test('the subgraph learns who asks, for which tenant, and by which request', async () => {
    const query = 'subscription { contextChanged { subject tenantId requestId origin } }';
    const results = await all(ask({ query }, { token: tokenFor('ada'), headers: { 'x-request-id': 'r-17' } }));
    expect(results).toEqual([{ data: { contextChanged: { subject: 'ada', tenantId, requestId: 'r-17', origin: '127.0.0.1' } } }]);
  });

  test('an operator may ask within a tenant', async () => {
    const operator = { secret, ...tokens, subject: 'op', scopes: ['tenants:impersonate'], expiresInSeconds: 60 };
    const query = 'subscription { contextChanged { subject tenantId impersonated } }';
    const results = await all(ask({ query }, { token: signDevelopmentToken(operator), headers: { 'x-tenant-id': tenantId } }));
    expect(results).toEqual([{ data: { contextChanged: { subject: 'op', tenantId, impersonated: true } } }]);
  });
});

async function post(body: object, headers: Record<string, string> = {}, on = server): Promise<Response> {
  const init = { 'content-type': 'application/json', accept: 'text/event-stream', ...headers };
  return await fetch(on.url, { method: 'POST', headers: init, body: JSON.stringify(body) });
}

describe('the stream', () => {
  test('is as the protocol has it', async () => {
    const response = await post({ query: 'subscription { count(to: 1) }' });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    expect(await response.text()).toBe(':\n\nevent: next\ndata: {"data":{"count":1}}\n\nevent: complete\ndata:\n\n');
  });

  test('shows that it is alive while nothing happens', async () => {
    await using lively = await startSubscriptionServer({ eventStreams: { heartbeatMs: 10 } });
    const query = 'subscription { personChanged(id: "nobody") { id } }';
    const response = await post({ query }, { authorization: `Bearer ${tokenFor('ada')}` }, lively);
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    while (text.length < 9) text += (await reader?.read())?.value ?? '';
    expect(text).toMatch(/^(:\n\n){3}/);
    await reader?.cancel();
  });

  test.each([
    ['application/json', false],
    ['application/json, text/event-stream', false],
    ['text/event-stream, application/json', true],
  ])('is for who prefers it: %s', async (accept, isPreferred) => {
    const response = await post({ query: 'subscription { count(to: 1) }' }, { accept });
    expect(response.headers.get('content-type')?.startsWith('text/event-stream')).toBe(isPreferred);
    await response.body?.cancel();
  });

  test.each<[string, object]>([
    ['no query', {}],
    ['a query that is no text', { query: 7 }],
    ['variables that are no object', { query: '{ __typename }', variables: [] }],
  ])('tells of a body with %s', async (_what, body) => {
    const response = await post(body);
    expect(response.status).toBe(200);
    expect(await response.text()).toMatch(
      /^:\n\nevent: next\ndata: \{"errors":\[\{.*"code":"BAD_REQUEST"\}\}\]\}\n\nevent: complete\ndata:\n\n$/,
    );
  });
});

describe('what is refused says why, by an event:', () => {
  const deep = `{ node(id: "x") { ${'... on Person { friends { id '.repeat(20)}${'} }'.repeat(20)} } }`;

  test.each<[string, string, string | undefined, string, RegExp]>([
    ['a syntax error', 'subscription {', undefined, 'GRAPHQL_PARSE_FAILED', /Syntax Error/],
    ['an unknown field', 'subscription { nothing }', undefined, 'GRAPHQL_VALIDATION_FAILED', /Cannot query field "nothing"/],
    ['two subscriptions in one', 'subscription { a: count(to: 1) b: count(to: 1) }', undefined, 'GRAPHQL_VALIDATION_FAILED', /only one/],
    ['two operations and no name', 'query A { __typename } query B { __typename }', undefined, 'OPERATION_RESOLUTION_FAILURE', /Name one/],
    ['no token', 'subscription { personChanged(id: "ada") { id } }', undefined, 'UNAUTHENTICATED', /Sign in to reach/],
    ['missing scopes', 'subscription { salaryChanged { id } }', tokenFor('ada'), 'FORBIDDEN', /payroll:read/],
    ['missing scopes further down', 'subscription { personChanged(id: "a") { email } }', tokenFor('ada'), 'FORBIDDEN', /email:read/],
    ['a bad token', 'subscription { count(to: 1) }', `${tokenFor('ada')}x`, 'UNAUTHENTICATED', /invalid signature/],
    ['too deep an operation', deep, tokenFor('ada'), 'OPERATION_TOO_COMPLEX', /fields deep/],
    ['too long a document', `{ ${'__typename '.repeat(5001)} }`, undefined, 'OPERATION_TOO_COMPLEX', /more than the 5000 tokens/],
  ])('%s', async (_what, query, token, code, message) => {
    const results = await all(ask({ query }, token ? { token } : {}));
    expect(results).toEqual([{ errors: [expect.objectContaining({ message: expect.stringMatching(message) })] }]);
    expect(results[0]?.errors?.[0]?.extensions).toEqual({ code });
  });

  test('another tenant than that of the token', async () => {
    const options = { token: tokenFor('ada'), headers: { 'x-tenant-id': '0199aaaa-0000-7000-8000-000000000002' } };
    const results = await all(ask({ query: 'subscription { count(to: 1) }' }, options));
    expect(results[0]?.errors?.[0]?.extensions).toEqual({ code: 'FORBIDDEN' });
  });

  test('introspection, in production, and names of the schema', async () => {
    await using production = await startSubscriptionServer({ mode: 'production' });
    const introspection = await all(ask({ query: '{ __schema { queryType { name } } }' }, { on: production }));
    expect(introspection[0]?.errors?.[0]?.extensions).toEqual({ code: 'GRAPHQL_VALIDATION_FAILED' });
    const misspelt = await all(ask({ query: 'subscription { coun(to: 1) }' }, { on: production }));
    expect(misspelt[0]?.errors?.[0]?.message).toBe('Cannot query field "coun" on type "Subscription".');
  });

  test('more operations at once than a client may have', async () => {
    await using narrow = await startSubscriptionServer({ limits: { perClient: 1 } });
    const query = 'subscription { personChanged(id: "limits") { id } }';
    const [adas, graces] = [
      { token: tokenFor('ada'), on: narrow },
      { token: tokenFor('grace'), on: narrow },
    ];
    const first = ask({ query }, adas);
    const waiting = first.next();
    await vi.waitFor(() => expect(listenersTo('limits')).toBe(1));
    expect(await all(ask({ query }, adas))).toEqual([{ errors: [expect.objectContaining({ extensions: { code: 'RATE_LIMITED' } })] }]);
    expect(await all(ask({ query: 'subscription { count(to: 1) }' }, graces))).toHaveLength(1);
    await first.return?.();
    await waiting.catch(() => {});
    await vi.waitFor(async () =>
      expect(await all(ask({ query: 'subscription { count(to: 1) }' }, adas))).toEqual([{ data: { count: 1 } }]),
    );
  });
});

describe('errors', () => {
  test('of events pass with their codes, and the subscription goes on', async () => {
    const results = await all(ask({ query: 'subscription { count(to: 3, failAt: 2, code: "TENANT_BUSY") }' }));
    expect(results.map(({ data }) => data)).toEqual([{ count: 1 }, { count: null }, { count: 3 }]);
    expect(results[1]?.errors).toEqual([{ message: 'It failed with TENANT_BUSY.', path: ['count'], extensions: { code: 'TENANT_BUSY' } }]);
  });

  test('without a code reach the log whole, and the client by the id of its request', async () => {
    const { logger, entries } = capturingLogger();
    await using logged = await startSubscriptionServer({ logger });
    const results = await all(
      ask({ query: 'subscription { count(to: 1, failAt: 1) }' }, { on: logged, headers: { 'x-request-id': 'r-18' } }),
    );
    expect(results[0]?.errors?.[0]?.extensions).toEqual({ code: 'INTERNAL_SERVER_ERROR', requestId: 'r-18' });
    expect(JSON.stringify(results)).not.toContain('secret');
    expect(entries).toEqual([
      expect.objectContaining({ requestId: 'r-18', err: expect.objectContaining({ message: expect.stringContaining('secret') }) }),
    ]);
  });

  test('that end a subscription are told as its last result', async () => {
    const results = await all(ask({ query: 'subscription { lost }' }));
    expect(results[0]).toEqual({ data: { lost: 1 } });
    expect(results[1]?.errors?.[0]?.extensions).toMatchObject({ code: 'INTERNAL_SERVER_ERROR' });
    expect(results).toHaveLength(2);
  });
});

describe('a subscription ends', () => {
  const query = 'subscription { personChanged(id: "ends") { id } }';

  test('when its token expires', async () => {
    const token = signDevelopmentToken({ secret, ...tokens, subject: 'ada', tenantId, expiresInSeconds: 2 });
    const results = await all(ask({ query }, { token }));
    expect(results).toEqual([
      { errors: [expect.objectContaining({ message: expect.stringContaining('expired'), extensions: { code: 'UNAUTHENTICATED' } })] },
    ]);
  });

  test('when its token is revoked', async () => {
    await using strict = await startSubscriptionServer({ recheckMs: 20 });
    const results = all(ask({ query }, { token: tokenFor('revoked'), on: strict }));
    await vi.waitFor(async () => expect(await openSubscriptions(strict)).toBe(1));
    strict.verifier.revoke({ subject: 'revoked' });
    expect(await results).toEqual([
      { errors: [expect.objectContaining({ message: expect.stringContaining('revoked'), extensions: { code: 'UNAUTHENTICATED' } })] },
    ]);
  });

  test('without being completed when the server stops, so that its client subscribes elsewhere', async () => {
    await using stopped = await startSubscriptionServer();
    const results = all(ask({ query }, { token: tokenFor('ada'), on: stopped }));
    await vi.waitFor(async () => expect(await openSubscriptions(stopped)).toBe(1));
    await Promise.all([stopped.close(), expect(results).rejects.toThrow('terminated')]);
  });

  test('without being completed when it has to be begun again', async () => {
    await using moving = await startSubscriptionServer({ execution: movingOn });
    const results = ask({ query: 'subscription { count(to: 9) }' }, { on: moving });
    expect(await results.next()).toEqual({ done: false, value: { data: { count: 1 } } });
    await expect(results.next()).rejects.toThrow('terminated');
  });

  test('when its client takes nothing for long', async () => {
    await using impatient = await startSubscriptionServer({ eventStreams: { heartbeatMs: 20, stallMs: 60 } });
    const response = await post({ query: 'subscription { flood(characters: 100000) }' }, {}, impatient);
    await vi.waitFor(async () => expect(await endedSubscriptions(impatient)).toBe(1), { timeout: 5000 });
    await expect(response.text()).rejects.toThrow('terminated');
  });
});

async function openSubscriptions(on: SubscriptionServer): Promise<number> {
  return await sumOf(on, 'tenantry_gateway_subscriptions');
}

async function endedSubscriptions(on: SubscriptionServer): Promise<number> {
  return await sumOf(on, 'tenantry_gateway_subscriptions_ended_total');
}

async function sumOf({ metrics }: SubscriptionServer, name: string): Promise<number> {
  const { values = [] } = (await metrics.getSingleMetric(name)?.get()) ?? {};
  return values.reduce((sum, { value }) => sum + value, 0);
}
