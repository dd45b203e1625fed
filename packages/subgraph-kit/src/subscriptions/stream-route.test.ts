import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { tenantContextHeader, type Principal } from '@tenantry/auth';
import { silentLogger } from '@tenantry/service';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { serveSubgraph, type SubgraphServerOptions } from '../server.ts';
import { createTestCaller, type TestCaller } from '../testing/caller.ts';
import { openTestInstallation, type TestInstallation } from '../testing/installation.ts';
import { defineSubscriptionProbe, type SubscriptionProbe } from '../testing/subscription-probe.ts';
import { acceptsEvents } from './stream-route.ts';

const perTenant = 3;
const changed = 'subscription { changed { id } }';
const resources = new AsyncDisposableStack();
let installation: TestInstallation;
let member: Principal;
let tenantId: string;
let probe: SubscriptionProbe;
let caller: TestCaller;

beforeAll(async () => {
  installation = resources.use(await openTestInstallation(inject('postgresUrl'), { subscriptionLimits: { perTenant } }));
  ({ id: tenantId } = await installation.provision());
  member = await installation.addUser(tenantId);
});
afterAll(async () => await resources.disposeAsync());
beforeEach(() => {
  probe = defineSubscriptionProbe();
  caller = createTestCaller(probe.subgraph, installation);
});

async function serve(streams: SubgraphServerOptions['streams'] = {}) {
  return await serveSubgraph(caller.handler, { host: '127.0.0.1', port: 0, logger: silentLogger, streams });
}

/** A stream as it is on the wire. What is read of it is kept; nothing is, until it is read. */
interface Stream extends Disposable {
  readonly response: IncomingMessage;
  text: string;
  read(): void;
}

async function open(url: string, query: string, principal: Principal | null = member): Promise<Stream> {
  const headers = {
    'content-type': 'application/json',
    accept: 'text/event-stream',
    ...(principal && { [tenantContextHeader]: caller.sign(principal) }),
  };
  const sent = request(`${url}/graphql`, { method: 'POST', headers, agent: false }).end(JSON.stringify({ query }));
  const [response]: IncomingMessage[] = await once(sent, 'response');
  if (!response) throw new Error('There is no answer.');
  response.on('error', () => {});
  const stream: Stream = {
    response,
    text: '',
    read: () => void response.setEncoding('utf8').on('data', (chunk: string) => (stream.text += chunk)),
    [Symbol.dispose]: () => void response.destroy(),
  };
  return stream;
}

async function readToEnd(stream: Stream): Promise<string> {
  stream.read();
  await once(stream.response, 'close');
  return stream.text;
}

async function closed(): Promise<void> {
  await expect.poll(() => installation.services.subscriptions.open).toBe(0);
}

describe('POST /graphql with accept: text/event-stream', () => {
  it('answers in events, as GraphQL over Server-Sent Events has it', async () => {
    await using server = await serve();
    const stream = await open(server.url, 'subscription { count }', null).then(async (answer) => ({
      answer,
      text: await readToEnd(answer),
    }));
    expect(stream.answer.response.statusCode).toBe(401);
    const signed = await open(server.url, 'subscription { count }');
    expect(signed.response.statusCode).toBe(200);
    expect(signed.response.headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache, no-transform',
    });
    expect(await readToEnd(signed)).toBe(
      `${[1, 2, 3].map((count) => `event: next\ndata: {"data":{"count":${count}}}\n\n`).join('')}event: complete\ndata:\n\n`,
    );
  });

  it('has a head once what changes from then on is told', async () => {
    await using server = await serve();
    using stream = await open(server.url, changed);
    installation.services.events.announce({ tenantId, topic: 'thing', id: 'a' });
    stream.read();
    await expect.poll(() => stream.text).toBe('event: next\ndata: {"data":{"changed":{"id":"a"}}}\n\n');
  });

  it('tells of a refusal by an event, too, so that a reader of events sees it', async () => {
    await using server = await serve();
    const text = await readToEnd(await open(server.url, 'subscription { nothing }'));
    expect(text).toMatch(/^event: next\ndata: \{"errors":\[.*"GRAPHQL_VALIDATION_FAILED".*\]\}\n\nevent: complete\ndata:\n\n$/);
  });

  it('is refused when a tenant has as many streams as it may', async () => {
    await using server = await serve();
    using streams = new DisposableStack();
    for (let count = 0; count < perTenant; count++) streams.use(await open(server.url, changed));
    const text = await readToEnd(await open(server.url, changed));
    expect(text).toContain('"code":"RATE_LIMITED","retryAfterMs":10000');
    streams.dispose();
    await closed();
    using _again = await open(server.url, changed);
    expect(installation.services.subscriptions.open).toBe(1);
  });

  it('shows signs of life while nothing happens', async () => {
    await using server = await serve({ heartbeatMs: 20 });
    using stream = await open(server.url, changed);
    stream.read();
    await expect.poll(() => stream.text).toMatch(/^(:\n\n){2,}$/);
  });

  it('ends its subscription when the connection is closed', async () => {
    await using server = await serve();
    const stream = await open(server.url, changed);
    expect(installation.services.subscriptions.open).toBe(1);
    stream[Symbol.dispose]();
    await closed();
  });

  it('says that the server stops, and when to come back, and keeps it from stopping no longer', async () => {
    const server = await serve();
    const stream = await open(server.url, changed);
    const text = readToEnd(stream);
    await server[Symbol.asyncDispose]();
    expect(await text).toMatch(/^event: next\ndata: .*"code":"TENANT_UNAVAILABLE","retryAfterMs":1000.*\n\nevent: complete\ndata:\n\n$/);
    await closed();
  });

  it('says so to who had begun to ask before the server stopped', async () => {
    const server = await serve();
    const body = JSON.stringify({ query: changed });
    const headers = {
      'content-type': 'application/json',
      'content-length': body.length,
      accept: 'text/event-stream',
      expect: '100-continue',
      [tenantContextHeader]: caller.sign(member),
    };
    const sent = request(`${server.url}/graphql`, { method: 'POST', headers, agent: false });
    sent.flushHeaders();
    await once(sent, 'continue');
    const stopped = server[Symbol.asyncDispose]();
    // Its first step is past.
    await sleep(50);
    sent.end(body);
    const [response]: IncomingMessage[] = await once(sent, 'response');
    let text = '';
    for await (const chunk of response?.setEncoding('utf8') ?? []) text += chunk;
    expect(text).toContain('"code":"TENANT_UNAVAILABLE","retryAfterMs":1000');
    await stopped;
    await closed();
  });

  it('asks for no more results than its reader takes', async () => {
    await using server = await serve();
    using stream = await open(server.url, 'subscription { flood(characters: 1000000) }');
    // As many as fit into the buffers of both ends; then none, however long it takes.
    let before = -1;
    while (probe.floods !== before) {
      before = probe.floods;
      await sleep(200);
    }
    expect(probe.floods).toBeLessThan(50);
    stream.read();
    await expect.poll(() => probe.floods).toBeGreaterThan(before + 5);
  });

  it('is cut off when its reader takes nothing for too long', async () => {
    await using server = await serve({ stallMs: 100 });
    using _stream = await open(server.url, 'subscription { flood(characters: 1000000) }');
    await closed();
    expect(probe.floods).toBeGreaterThan(0);
  });
});

it.each([
  ['text/event-stream', true],
  ['application/json, Text/Event-Stream;q=0.5', true],
  ['application/graphql-response+json, application/json;q=0.9', false],
  ['text/event-stream-of-mine', false],
  ['*/*', false],
  [undefined, false],
])('accept: %s takes events: %s', (accept, takes) => {
  expect(acceptsEvents(accept)).toBe(takes);
});
