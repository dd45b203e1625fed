import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { createClient, type Client, type ClientOptions, type SubscribePayload } from 'graphql-ws';
import { signDevelopmentToken } from '@tenantry/auth';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { capturingLogger } from './support/capturing-logger.ts';
import { listenersTo, tellChange } from './support/people-changes.ts';
import { movingOn, startSubscriptionServer, type SubscriptionServer } from './support/subscription-server.ts';
import { secret, tenantId, tokenFor, tokens } from './support/test-gateway.ts';

let server: SubscriptionServer;
beforeAll(async () => void (server = await startSubscriptionServer()));
afterAll(async () => await server[Symbol.asyncDispose]());

type Parameters = Record<string, unknown>;

/** The client of the protocol, which connects with its first operation and does so once. */
function connect(
  connectionParams: ClientOptions<Parameters>['connectionParams'] = {},
  on = server,
  options: Partial<ClientOptions<Parameters>> = {},
): Client {
  return createClient<Parameters>({ url: on.webSocketUrl, webSocketImpl: WebSocket, connectionParams, retryAttempts: 0, ...options });
}

async function ask(client: Client, operation: SubscribePayload): Promise<unknown[]> {
  const results: unknown[] = [];
  for await (const result of client.iterate(operation)) results.push(result);
  return results;
}

const bearer = (subject: string, ...scopes: string[]) => ({ authorization: `Bearer ${tokenFor(subject, ...scopes)}` });
const whoAsks = 'subscription { contextChanged { subject tenantId impersonated requestId origin } }';

describe('over a WebSocket', () => {
  test('the results of a subscription come one after the other, until it is complete', async () => {
    expect(await ask(connect(), { query: 'subscription { count(to: 3) }' })).toEqual([1, 2, 3].map((count) => ({ data: { count } })));
  });

  test('several operations run at once, each until its client leaves it', async () => {
    const client = connect(bearer('ada'));
    const query = 'subscription ($id: ID!) { personChanged(id: $id) { name } }';
    const [grace, alan] = ['grace', 'alan'].map((id) => client.iterate({ query, variables: { id } }));
    const ofGrace = grace!.next();
    const ofAlan = alan!.next();
    await vi.waitFor(() => expect([listenersTo('grace'), listenersTo('alan')]).toEqual([1, 1]));
    tellChange('alan');
    expect(await ofAlan).toEqual({ done: false, value: { data: { personChanged: { name: 'Name of alan' } } } });
    await alan!.return?.();
    await vi.waitFor(() => expect(listenersTo('alan')).toBe(0));
    tellChange('grace');
    expect(await ofGrace).toEqual({ done: false, value: { data: { personChanged: { name: 'Name of grace' } } } });
    await client.dispose();
    await vi.waitFor(() => expect(listenersTo('grace')).toBe(0));
  });

  test('a query or a mutation is answered once', async () => {
    const client = connect(bearer('ada'));
    expect(await ask(client, { query: '{ greet(name: "x") }' })).toEqual([{ data: { greet: 'Hello, x!' } }]);
    expect(await ask(client, { query: 'mutation { rename(id: "ada", name: "Ada") { name } }' })).toEqual([
      { data: { rename: { name: 'Ada' } } },
    ]);
  });

  test.each<[string, Parameters]>([
    ['authorization', bearer('ada')],
    ['Authorization', { Authorization: bearer('ada').authorization }],
    ['headers', { headers: { Authorization: bearer('ada').authorization } }],
  ])('the token comes with the connection, as the parameter %s', async (_name, parameters) => {
    const results = await ask(connect(parameters), { query: whoAsks });
    expect(results).toMatchObject([{ data: { contextChanged: { subject: 'ada', tenantId, origin: '127.0.0.1' } } }]);
  });

  test('the token, the tenant and the id may come as headers of the connection, too', async () => {
    const authorization = `Bearer ${signDevelopmentToken({ secret, ...tokens, subject: 'op', scopes: ['tenants:impersonate'], expiresInSeconds: 60 })}`;
    class SocketWithHeaders extends WebSocket {
      constructor(url: string, protocols: string[]) {
        super(url, protocols, { headers: { authorization, 'x-tenant-id': tenantId, 'x-request-id': 'c-1' } });
      }
    }
    const client = connect({}, server, { webSocketImpl: SocketWithHeaders });
    const expected = { subject: 'op', tenantId, impersonated: true, requestId: 'c-1/1', origin: '127.0.0.1' };
    expect(await ask(client, { query: whoAsks })).toEqual([{ data: { contextChanged: expected } }]);
    await client.dispose();
  });

  test('nobody need sign in for what is open to everybody', async () => {
    expect(await ask(connect(), { query: whoAsks })).toMatchObject([{ data: { contextChanged: { subject: null, tenantId: null } } }]);
  });
});

describe('an operation is refused by an error of its own, and the others go on:', () => {
  let client: Client;
  beforeAll(() => void (client = connect(bearer('ada'))));
  afterAll(async () => await client.dispose());

  test.each<[string, string, string]>([
    ['a syntax error', 'subscription {', 'GRAPHQL_PARSE_FAILED'],
    ['an unknown field', 'subscription { nothing }', 'GRAPHQL_VALIDATION_FAILED'],
    ['two operations and no name', 'query A { __typename } query B { __typename }', 'OPERATION_RESOLUTION_FAILURE'],
    ['missing scopes', 'subscription { salaryChanged { id } }', 'FORBIDDEN'],
    ['too long a document', `{ ${'__typename '.repeat(5001)} }`, 'OPERATION_TOO_COMPLEX'],
  ])('%s', async (_what, query, code) => {
    await expect(ask(client, { query })).rejects.toEqual([expect.objectContaining({ extensions: { code } })]);
    expect(await ask(client, { query: 'subscription { count(to: 1) }' })).toEqual([{ data: { count: 1 } }]);
  });

  test('one more than a connection may have', async () => {
    await using narrow = await startSubscriptionServer({ limits: { perConnection: 1 } });
    const busy = connect(bearer('ada'), narrow);
    const waiting = busy.iterate({ query: 'subscription { personChanged(id: "narrow") { id } }' });
    void waiting.next();
    await vi.waitFor(() => expect(listenersTo('narrow')).toBe(1));
    await expect(ask(busy, { query: '{ __typename }' })).rejects.toMatchObject([{ extensions: { code: 'RATE_LIMITED' } }]);
    await waiting.return?.();
    await vi.waitFor(async () => expect(await ask(busy, { query: '{ greet(name: "x") }' })).toHaveLength(1));
    await busy.dispose();
  });

  test('one that is lost', async () => {
    const { logger, entries } = capturingLogger();
    await using logged = await startSubscriptionServer({ logger });
    const lossy = connect({}, logged);
    const results: unknown[] = [];
    const failing = async () => {
      for await (const result of lossy.iterate({ query: 'subscription { lost }' })) results.push(result);
    };
    await expect(failing()).rejects.toEqual([
      {
        message: 'Something went wrong on our side.',
        extensions: { code: 'INTERNAL_SERVER_ERROR', requestId: expect.stringMatching(/\/1$/) },
      },
    ]);
    expect(results).toEqual([{ data: { lost: 1 } }]);
    expect(entries).toEqual([expect.objectContaining({ err: expect.objectContaining({ message: 'other side closed' }) })]);
    expect(await ask(lossy, { query: 'subscription { count(to: 1) }' })).toHaveLength(1);
    await lossy.dispose();
  });
});

/** A connection without a client library: what it receives, and how it is closed. */
async function open(
  on = server,
  { protocol = 'graphql-transport-ws', headers = {} }: { protocol?: string; headers?: Record<string, string> } = {},
) {
  const socket = new WebSocket(on.webSocketUrl, protocol, { headers });
  const messages: unknown[] = [];
  socket.addEventListener('message', ({ data }) => messages.push(typeof data === 'string' ? JSON.parse(data) : data));
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.once('close', (code, reason) => resolve({ code, reason: String(reason) }));
  });
  await once(socket, 'open');
  return { socket, messages, closed, send: (message: object) => socket.send(JSON.stringify(message)) };
}

describe('a connection is closed', () => {
  test.each<[string, Parameters, number, RegExp]>([
    ['for a bad token', { authorization: `Bearer ${tokenFor('ada')}x` }, 4403, /^UNAUTHENTICATED: .*invalid signature/],
    ['for an expired token', { authorization: `Bearer ${expired()}` }, 4403, /^UNAUTHENTICATED: The token expired at/],
    ['for what is no token', { authorization: 7 }, 4403, /^UNAUTHENTICATED: /],
    ['for another tenant', { ...bearer('ada'), 'x-tenant-id': '0199aaaa-0000-7000-8000-000000000002' }, 4403, /^FORBIDDEN: /],
    ['for what is no tenant', { ...bearer('ada'), 'X-Tenant-Id': 'acme' }, 4400, /^BAD_USER_INPUT: /],
  ])('%s', async (_why, payload, code, reason) => {
    const { send, closed, messages } = await open();
    send({ type: 'connection_init', payload });
    expect(await closed).toEqual({ code, reason: expect.stringMatching(reason) });
    expect(messages).toEqual([]);
  });

  test('when its token expires, so that clients bring a fresh one', async () => {
    const fresh = [2, 60].map((expiresInSeconds) =>
      signDevelopmentToken({ secret, ...tokens, subject: 'ada', tenantId, expiresInSeconds }),
    );
    const closings: unknown[] = [];
    const client = connect(() => ({ authorization: `Bearer ${fresh.shift()}` }), server, {
      retryAttempts: 1,
      retryWait: async () => {},
      on: { closed: (event) => closings.push(event) },
    });
    const changes = client.iterate({ query: 'subscription { personChanged(id: "ada-again") { id } }' });
    const change = changes.next();
    await vi.waitFor(() => expect(listenersTo('ada-again')).toBe(1));
    await vi.waitFor(
      () => expect(closings).toMatchObject([{ code: 4403, reason: expect.stringMatching(/^UNAUTHENTICATED: .*expired/) }]),
      5000,
    );
    await vi.waitFor(() => expect({ left: fresh.length, listening: listenersTo('ada-again') }).toEqual({ left: 0, listening: 1 }), 5000);
    tellChange('ada-again');
    expect(await change).toEqual({ done: false, value: { data: { personChanged: null } } });
    await client.dispose();
  });

  test('when its token is revoked', async () => {
    await using strict = await startSubscriptionServer({ recheckMs: 20 });
    const { send, closed, messages } = await open(strict);
    send({ type: 'connection_init', payload: bearer('revoked') });
    await vi.waitFor(() => expect(messages).toEqual([{ type: 'connection_ack' }]));
    strict.verifier.revoke({ subject: 'revoked' });
    expect(await closed).toEqual({ code: 4403, reason: 'UNAUTHENTICATED: The token was revoked. Sign in again.' });
  });

  test('for its token only when a query is answered, lest it be sent again', async () => {
    await using strict = await startSubscriptionServer({ recheckMs: 20 });
    const { send, closed, messages } = await open(strict);
    send({ type: 'connection_init', payload: bearer('revoked') });
    await vi.waitFor(() => expect(messages).toHaveLength(1));
    send({ id: '1', type: 'subscribe', payload: { query: '{ slow(ms: 300) }' } });
    send({ id: '2', type: 'subscribe', payload: { query: '{ greet(name: "x") }' } });
    await vi.waitFor(() => expect(messages).toHaveLength(3));
    strict.verifier.revoke({ subject: 'revoked' });
    expect(await closed).toMatchObject({ code: 4403 });
    expect(messages).toContainEqual({ id: '1', type: 'next', payload: { data: { slow: 'done' } } });
  });

  test('when a subscription has to be begun again', async () => {
    await using moving = await startSubscriptionServer({ execution: movingOn });
    const { send, closed, messages } = await open(moving);
    send({ type: 'connection_init' });
    await vi.waitFor(() => expect(messages).toHaveLength(1));
    send({ id: '1', type: 'subscribe', payload: { query: 'subscription { count(to: 9) }' } });
    expect(await closed).toEqual({ code: 1012, reason: 'Subscribe again.' });
    expect(messages.slice(1)).toEqual([{ id: '1', type: 'next', payload: { data: { count: 1 } } }]);
  });

  test('for an operation before it is let in', async () => {
    const { send, closed } = await open();
    send({ id: '1', type: 'subscribe', payload: { query: '{ __typename }' } });
    expect(await closed).toMatchObject({ code: 4401 });
  });

  test('for saying nothing', async () => {
    await using hasty = await startSubscriptionServer({ webSockets: { initTimeoutMs: 20 } });
    expect(await (await open(hasty)).closed).toMatchObject({ code: 4408 });
  });

  test('for another protocol', async () => {
    const socket = new WebSocket(server.webSocketUrl);
    const [code] = await once(socket, 'close');
    expect(code).toBe(4406);
  });

  test.each([
    ['what is no message', 'hello'],
    ['a message of no type', '{}'],
  ])('for %s', async (_what, text) => {
    const { socket, closed } = await open();
    socket.send(text);
    expect(await closed).toMatchObject({ code: 4400 });
  });

  test('for a message that is too long', async () => {
    await using narrow = await startSubscriptionServer({ operationLimits: { bodyBytes: 1000, tokens: 5000 } });
    const { socket, closed } = await open(narrow);
    socket.send(' '.repeat(1001));
    expect(await closed).toMatchObject({ code: 1009 });
  });

  test('for reading nothing', async () => {
    await using narrow = await startSubscriptionServer({ webSockets: { maxBufferedBytes: 500_000 } });
    const { socket, send, closed, messages } = await open(narrow);
    send({ type: 'connection_init' });
    await vi.waitFor(() => expect(messages).toHaveLength(1));
    for (let id = 0; id < 20; id += 1)
      send({ id: String(id), type: 'subscribe', payload: { query: 'subscription { flood(characters: 300000) }' } });
    socket.pause();
    await vi.waitFor(async () => expect(await openConnections(narrow)).toBe(0), 5000);
    socket.resume();
    expect((await closed).code).toBeGreaterThanOrEqual(1006);
  });

  test('for not answering a ping', async () => {
    await using impatient = await startSubscriptionServer({ webSockets: { pingMs: 20 } });
    const alive = await open(impatient);
    const deaf = new WebSocket(impatient.webSocketUrl, 'graphql-transport-ws', { autoPong: false });
    const [code] = await once(deaf, 'close');
    expect(code).toBe(1006);
    expect(alive.socket.readyState).toBe(WebSocket.OPEN);
    alive.socket.close();
  });

  test('when there are too many', async () => {
    await using small = await startSubscriptionServer({ limits: { connections: 1 } });
    const first = await open(small);
    expect(await (await open(small)).closed).toEqual({ code: 1013, reason: 'RATE_LIMITED: There are too many connections.' });
    first.socket.close();
    await first.closed;
  });

  test('when there are too many of one address, which a trusted proxy names', async () => {
    await using small = await startSubscriptionServer({ limits: { connectionsPerAddress: 1 }, trustedProxies: ['127.0.0.0/8'] });
    const from = async (address: string) => await open(small, { headers: { 'x-forwarded-for': address } });
    const first = await from('2001:db8:0:1::7');
    await from('2001:db8:0:2::7');
    await from('192.0.2.1');
    for (const address of ['192.0.2.1', '2001:db8:0:1:2::7', '2001:0db8::1:1:2:3:4']) {
      expect(await (await from(address)).closed).toEqual({ code: 1013, reason: 'RATE_LIMITED: There are 1 connections of this address.' });
    }
    first.socket.close();
    await first.closed;
    await vi.waitFor(async () => expect(await openConnections(small)).toBe(2));
    await from('2001:db8:0:1:2::7');
    expect(await small.metrics.getSingleMetricAsString('tenantry_gateway_websockets_refused_total')).toContain('{scope="address"} 3');
  });

  test('when there are too many of one principal, wherever they are', async () => {
    await using small = await startSubscriptionServer({ limits: { connectionsPerClient: 2 } });
    const asAda = async () => {
      const opened = await open(small);
      opened.send({ type: 'connection_init', payload: bearer('ada') });
      return opened;
    };
    const [first, second] = [await asAda(), await asAda()];
    for (const { messages } of [first, second]) await vi.waitFor(() => expect(messages).toEqual([{ type: 'connection_ack' }]));
    expect(await (await asAda()).closed).toEqual({ code: 1013, reason: 'RATE_LIMITED: There are 2 connections of this client.' });
    for (const payload of [bearer('alan'), {}]) {
      const { send, messages } = await open(small);
      send({ type: 'connection_init', payload });
      await vi.waitFor(() => expect(messages).toEqual([{ type: 'connection_ack' }]));
    }
    first.socket.close();
    await first.closed;
    await vi.waitFor(async () => expect(await openConnections(small)).toBe(3));
    const { messages } = await asAda();
    await vi.waitFor(() => expect(messages).toEqual([{ type: 'connection_ack' }]));
    expect(await small.metrics.getSingleMetricAsString('tenantry_gateway_websockets_refused_total')).toContain('{scope="client"} 1');
  });
});

describe('a server that stops', () => {
  test('closes connections so that their clients connect elsewhere, and has no subscription left', async () => {
    await using stopped = await startSubscriptionServer();
    const { send, closed, messages } = await open(stopped);
    send({ type: 'connection_init', payload: bearer('ada') });
    await vi.waitFor(() => expect(messages).toHaveLength(1));
    send({ id: '1', type: 'subscribe', payload: { query: 'subscription { personChanged(id: "stops") { id } }' } });
    await vi.waitFor(() => expect(listenersTo('stops')).toBe(1));
    await stopped.close();
    expect(await closed).toEqual({ code: 1001, reason: 'The server is stopping.' });
    expect(listenersTo('stops')).toBe(0);
    await vi.waitFor(async () => expect(await openConnections(stopped)).toBe(0));
  });

  test('lets a query be answered first', async () => {
    await using stopped = await startSubscriptionServer();
    const { send, closed, messages } = await open(stopped);
    send({ type: 'connection_init' });
    await vi.waitFor(() => expect(messages).toHaveLength(1));
    send({ id: '1', type: 'subscribe', payload: { query: '{ slow(ms: 200) }' } });
    send({ id: '2', type: 'subscribe', payload: { query: '{ greet(name: "x") }' } });
    await vi.waitFor(() => expect(messages).toHaveLength(3));
    await stopped.close();
    expect((await closed).code).toBe(1001);
    expect(messages).toContainEqual({ id: '1', type: 'next', payload: { data: { slow: 'done' } } });
  });
});

/** Answered by a switch of protocols, or by a response. */
async function upgrade(headers: Record<string, string>, { method = 'GET', path = '/graphql', body = '' } = {}) {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number | undefined; text: string }>();
  const request = httpRequest(new URL(path, server.url), { method, headers: { connection: 'Upgrade', ...headers } });
  request.on('upgrade', (response, socket) => {
    socket.destroy();
    resolve({ status: response.statusCode, text: '' });
  });
  request.on('response', (response) => {
    let text = '';
    response.setEncoding('utf8').on('data', (chunk) => (text += chunk));
    response.on('end', () => resolve({ status: response.statusCode, text }));
  });
  request.on('error', reject).end(body);
  return await promise;
}

describe('the handshake', () => {
  const handshake = {
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': Buffer.alloc(16).toString('base64'),
    'sec-websocket-protocol': 'graphql-transport-ws',
  };

  test.each([
    ['of no page', {}, 101],
    ['of a page that may call', { origin: 'https://app.example.com' }, 101],
    ['of a page of the gateway itself', { origin: 'http://gateway.example', host: 'gateway.example' }, 101],
    ['of another page', { origin: 'https://evil.example' }, 403],
    ['of a page without an origin', { origin: 'null' }, 403],
    ['of a page that a stranger forwards', { origin: 'https://evil.example', 'x-forwarded-host': 'evil.example' }, 403],
  ])('%s', async (_whose, headers, status) => {
    expect(await upgrade({ ...handshake, ...headers })).toMatchObject({ status });
  });

  test('is for nothing else than /graphql', async () => {
    expect(await upgrade(handshake, { path: '/elsewhere' })).toMatchObject({ status: 404 });
  });

  test('of another protocol is none: the request is answered', async () => {
    const headers = { upgrade: 'h2c', 'content-type': 'application/json' };
    const answer = await upgrade(headers, { method: 'POST', body: '{"query":"{ __typename }"}' });
    expect(answer).toEqual({ status: 200, text: '{"answeredBy":"the route of requests"}' });
  });
});

function expired(): string {
  return signDevelopmentToken({ secret, ...tokens, subject: 'ada', tenantId, expiresInSeconds: -60 });
}

async function openConnections({ metrics }: SubscriptionServer): Promise<number | undefined> {
  return (await metrics.getSingleMetric('tenantry_gateway_websockets')?.get())?.values[0]?.value;
}
