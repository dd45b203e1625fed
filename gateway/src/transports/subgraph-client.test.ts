import { setTimeout as delay } from 'node:timers/promises';
import { GraphQLError, OperationTypeNode, type ExecutionResult } from 'graphql';
import { describe, expect, test } from 'vitest';
import { listenHttp, type Handle } from '../../test/support/listen-http.ts';
import { callerOf, testClient } from '../../test/support/test-client.ts';
import { createHttpTransport, type HttpTransportOptions } from './http-transport.ts';
import type { SubgraphClientOptions } from './subgraph-client.ts';
import type { SubgraphAnswer, SubgraphResult, SubgraphTransport } from './subgraph-transport.ts';

const { QUERY, MUTATION } = OperationTypeNode;
const [one, another] = ['0199aaaa-0000-7000-8000-00000000000a', '0199aaaa-0000-7000-8000-00000000000b'];
const operation = { query: '{ books { title } }' };
const answer = { data: { books: [{ title: 'A book' }] } };

async function serve(handle: Handle, options: Partial<SubgraphClientOptions & HttpTransportOptions> = {}) {
  const stack = new AsyncDisposableStack();
  let requests = 0;
  const counting: Handle = (request, response) => {
    requests++;
    return handle(request, response);
  };
  const upstream = stack.use(await listenHttp(counting));
  const transport = stack.use(createHttpTransport({ url: upstream.url, ...options }));
  return {
    ...testClient(transport, options),
    requests: () => requests,
    [Symbol.asyncDispose]: async () => await stack.disposeAsync(),
  };
}

const scan = (bytes: Buffer) => ({ bytes, tape: [], holders: 1 });

/** The answer to an operation that has no `scan`. */
function parsed(given: SubgraphAnswer): SubgraphResult {
  if ('tape' in given) throw new TypeError('The answer was not parsed.');
  return given;
}

/** Fails `times` times, and then answers. */
function failing(times: number, fail: Handle): Handle {
  let failures = 0;
  return (request, response) => (failures++ < times ? fail(request, response) : response.end(JSON.stringify(answer)));
}

const hangUp: Handle = (request) => request.socket.destroy();
const cutShort: Handle = (_request, response) => response.write('{"data":', () => response.destroy());
const slowly: Handle = async (_request, response) => {
  await delay(50);
  response.end(JSON.stringify(answer));
};

const slowFailure: Handle = async (request) => await delay(150).then(() => request.socket.destroy());
const badGateway: Handle = (_request, response) => response.writeHead(502).end('<html>');

describe('a query without an answer', () => {
  test.each<[string, Handle]>([
    ['because the connection broke off', hangUp],
    ['because the connection broke off in the middle of it', cutShort],
    ['because a proxy did not reach the subgraph', badGateway],
    ['because a proxy waited in vain', (_request, response) => response.writeHead(504).end()],
  ])('%s is sent again', async (_why, fail) => {
    await using subgraph = await serve(failing(2, fail));
    await expect(subgraph.client.fetch(operation, QUERY, callerOf(one))).resolves.toEqual(answer);
    expect(await subgraph.counts()).toEqual({ ok: 1, retries: 2 });
  });

  test('is given up after the third attempt', async () => {
    await using subgraph = await serve(hangUp);
    const failure = subgraph.client.fetch(operation, QUERY, callerOf(one));
    await expect(failure).rejects.toMatchObject({ name: 'SubgraphFetchError', cause: { message: 'other side closed' } });
    expect(subgraph.requests()).toBe(3);
    expect(await subgraph.counts()).toEqual({ failed: 1, retries: 2 });
  });

  test('from a subgraph that is down is sent again, and fails soon', async () => {
    const gone = await listenHttp(() => {});
    await gone[Symbol.asyncDispose]();
    await using transport = createHttpTransport({ url: gone.url });
    const { client, counts } = testClient(transport);
    await expect(client.fetch(operation, QUERY, callerOf(one))).rejects.toMatchObject({ cause: { code: 'ECONNREFUSED' } });
    expect(await counts()).toEqual({ failed: 1, retries: 2 });
  });
});

describe('sent once only is', () => {
  test.each([
    ['because the connection broke off', hangUp],
    ['because a proxy did not reach the subgraph', badGateway],
  ])('a mutation without an answer %s', async (_why, fail) => {
    await using subgraph = await serve(fail);
    await expect(subgraph.client.fetch(operation, MUTATION, callerOf(one))).rejects.toThrow('The subgraph library gave no answer.');
    expect(subgraph.requests()).toBe(1);
  });

  test.each<[string, Handle]>([
    ['an answer with errors', (_request, response) => response.writeHead(503).end('{"errors":[{"message":"no"}]}')],
    ['a refusal', (_request, response) => response.writeHead(401).end('{"errors":[{"message":"no"}]}')],
  ])('a query with %s', async (_what, handle) => {
    await using subgraph = await serve(handle);
    await expect(subgraph.client.fetch(operation, QUERY, callerOf(one))).resolves.toEqual({ errors: [{ message: 'no' }] });
    expect(subgraph.requests()).toBe(1);
    expect(await subgraph.counts()).toEqual({ errors: 1 });
  });

  test.each<[string, Handle]>([
    ['another program', (_request, response) => response.end('<html>')],
    ['a proxy that lets nobody in', (_request, response) => response.writeHead(403).end('<html>')],
  ])('a query that is answered by %s', async (_what, handle) => {
    await using subgraph = await serve(handle);
    await expect(subgraph.client.fetch(operation, QUERY, callerOf(one))).rejects.toMatchObject({ cause: { name: 'NotGraphQLError' } });
    expect(subgraph.requests()).toBe(1);
  });
});

test('an outage is not multiplied: retries are a small part of the calls, and stop when nothing is answered', async () => {
  const breaker = { failuresPerTenant: Infinity, failuresInAll: Infinity };
  await using subgraph = await serve(badGateway, { breaker, sharedQueries: null });
  const calls = Array.from({ length: 100 }, async () => await subgraph.client.fetch(operation, QUERY, callerOf(one)));
  await Promise.allSettled(calls);
  expect(subgraph.requests()).toBe(120);
});

describe('the deadline', () => {
  test.each([QUERY, MUTATION])('holds for a %s whose subgraph is silent', async (kind) => {
    await using subgraph = await serve(() => {}, { timeoutMs: 100 });
    const failure = subgraph.client.fetch(operation, kind, callerOf(one));
    await expect(failure).rejects.toMatchObject({ name: 'SubgraphFetchError', cause: { name: 'TimeoutError' } });
    expect(await subgraph.counts()).toEqual({ timeout: 1 });
    expect(subgraph.requests()).toBe(1);
  });

  test('holds for all attempts together', async () => {
    await using subgraph = await serve(slowFailure, { timeoutMs: 250 });
    const failure = subgraph.client.fetch(operation, QUERY, callerOf(one));
    await expect(failure).rejects.toMatchObject({ cause: { name: 'TimeoutError' } });
    await delay(200);
    expect(subgraph.requests()).toBeLessThanOrEqual(2);
  });

  test('holds for a subgraph in the same process, whether or not it heeds its signal', async () => {
    let aborted = false;
    const transport: SubgraphTransport = {
      timeoutMs: 50,
      async execute(_operation, _context, { signal } = {}) {
        signal?.addEventListener('abort', () => (aborted = true));
        return await new Promise<ExecutionResult>(() => {});
      },
    };
    const failure = testClient(transport).client.fetch(operation, MUTATION, callerOf(one));
    await expect(failure).rejects.toMatchObject({ cause: { name: 'TimeoutError' } });
    expect(aborted).toBe(true);
  });
});

describe('a caller who goes away', () => {
  test('ends the call, and what the subgraph does for it', async () => {
    const closed = Promise.withResolvers<void>();
    const caller = new AbortController();
    await using subgraph = await serve((_request, response) => {
      response.once('close', closed.resolve);
      caller.abort();
    });
    const failure = subgraph.client.fetch(operation, QUERY, callerOf(one, 'ada', caller.signal));
    await expect(failure).rejects.toMatchObject({ cause: { name: 'AbortError' } });
    await closed.promise;
    expect(await subgraph.counts()).toEqual({ cancelled: 1 });
  });

  test('has nothing sent again', async () => {
    const caller = new AbortController();
    await using subgraph = await serve((request) => {
      request.socket.destroy();
      setImmediate(() => caller.abort());
    });
    await expect(subgraph.client.fetch(operation, QUERY, callerOf(one, 'ada', caller.signal))).rejects.toThrow('gave no answer');
    const requests = subgraph.requests();
    await delay(150);
    expect(subgraph.requests()).toBe(requests);
  });

  test('has nothing sent, if they are gone already', async () => {
    await using subgraph = await serve((_request, response) => response.end(JSON.stringify(answer)));
    await expect(subgraph.client.fetch(operation, MUTATION, callerOf(one, 'ada', AbortSignal.abort()))).rejects.toThrow('gave no answer');
    expect(subgraph.requests()).toBe(0);
  });
});

describe('identical queries at the same time', () => {
  test('of one principal are sent once; each asker has an answer of their own', async () => {
    await using subgraph = await serve(slowly);
    const answers = await Promise.all(
      Array.from({ length: 5 }, async () => {
        const { data } = parsed(await subgraph.client.fetch({ ...operation, variables: { n: [1] } }, QUERY, callerOf(one)));
        // As an executor does: it adds to what it was given.
        const [book] = Array.isArray(data?.['books']) ? data['books'] : [];
        return Object.assign(book, { count: (book.count ?? 0) + 1 });
      }),
    );
    expect(answers).toEqual(Array.from({ length: 5 }, () => ({ title: 'A book', count: 1 })));
    expect(subgraph.requests()).toBe(1);
    expect(await subgraph.counts()).toEqual({ ok: 1, deduplicated: 4 });
  });

  test('that are scanned share the very answer, which nobody changes', async () => {
    await using subgraph = await serve(slowly);
    const ask = async () => await subgraph.client.fetch({ ...operation, scan }, QUERY, callerOf(one));
    const [first, ...others] = await Promise.all([ask(), ask(), ask()]);
    expect(first).toEqual({ bytes: Buffer.from(JSON.stringify(answer)), tape: [], holders: 3 });
    for (const other of others) expect(other).toBe(first);
    expect(subgraph.requests()).toBe(1);
    expect(await subgraph.counts()).toEqual({ ok: 1, deduplicated: 2 });
  });

  test('share a failure, too', async () => {
    await using subgraph = await serve(async (_request, response) => await delay(50).then(() => response.writeHead(500).end('<html>')));
    const calls = Array.from({ length: 3 }, async () => await subgraph.client.fetch(operation, QUERY, callerOf(one)));
    const outcomes = await Promise.allSettled(calls);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect(subgraph.requests()).toBe(1);
  });

  test.each<[string, number, Parameters<typeof callerOf>[]]>([
    [
      'several principals',
      2,
      [
        [one, 'ada'],
        [one, 'grace'],
      ],
    ],
    [
      'several tenants',
      2,
      [
        [one, 'ada'],
        [another, 'ada'],
      ],
    ],
  ])('of %s are all sent', async (_whom, expected, callers) => {
    await using subgraph = await serve(slowly);
    await Promise.all(callers.map(async (caller) => await subgraph.client.fetch(operation, QUERY, callerOf(...caller))));
    expect(subgraph.requests()).toBe(expected);
  });

  test('are all sent where they are not to be shared, and mutations always', async () => {
    await using unshared = await serve(slowly, { sharedQueries: null });
    await using subgraph = await serve(slowly);
    const twice = [1, 2];
    await Promise.all(twice.map(async () => await unshared.client.fetch(operation, QUERY, callerOf(one))));
    await Promise.all(twice.map(async () => await subgraph.client.fetch(operation, MUTATION, callerOf(one))));
    expect([unshared.requests(), subgraph.requests()]).toEqual([2, 2]);
  });

  test('are not left without an answer when one asker goes away', async () => {
    await using subgraph = await serve(slowly);
    const leaving = new AbortController();
    const first = subgraph.client.fetch(operation, QUERY, callerOf(one, 'ada', leaving.signal));
    const second = subgraph.client.fetch(operation, QUERY, callerOf(one));
    leaving.abort();
    await expect(first).rejects.toMatchObject({ cause: { name: 'AbortError' } });
    await expect(second).resolves.toEqual(answer);
    expect(subgraph.requests()).toBe(1);
  });

  test('end when every asker has gone; who comes then has one of their own', async () => {
    await using subgraph = await serve(slowly);
    const leaving = new AbortController();
    const gone = [1, 2].map(async () => await subgraph.client.fetch(operation, QUERY, callerOf(one, 'ada', leaving.signal)));
    await expect.poll(subgraph.requests).toBe(1);
    leaving.abort();
    const next = subgraph.client.fetch(operation, QUERY, callerOf(one));
    expect((await Promise.allSettled(gone)).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    await expect(next).resolves.toEqual(answer);
    expect(await subgraph.counts()).toMatchObject({ cancelled: 1, ok: 1 });
  });

  test('are not shared across a change: who made it sees what came of it', async () => {
    let books = 1;
    const transport: SubgraphTransport = {
      async execute({ query }) {
        if (query.startsWith('mutation')) return { data: { add: ++books } };
        const data = { books };
        await delay(50);
        return { data };
      },
    };
    const { client } = testClient(transport);
    const before = client.fetch({ query: '{ books }' }, QUERY, callerOf(one));
    await client.fetch({ query: 'mutation { add }' }, MUTATION, callerOf(one));
    const after = client.fetch({ query: '{ books }' }, QUERY, callerOf(one));
    await expect(Promise.all([before, after])).resolves.toEqual([{ data: { books: 1 } }, { data: { books: 2 } }]);
  });
});

describe('a subgraph that does not answer', () => {
  const breaker = { failuresPerTenant: 3, failuresInAll: 6, probeDelayMs: 200 };

  test('a tenant is not asked for it, until it answers again; other tenants are', async () => {
    let isDown = true;
    const handle: Handle = (request, response) => {
      const { context } = JSON.parse(
        Buffer.from(String(request.headers['x-tenantry-context']).split('.')[1] ?? '', 'base64url').toString(),
      );
      if (isDown && context.tenantId === one) response.writeHead(500).end('<html>');
      else response.end(JSON.stringify(answer));
    };
    await using subgraph = await serve(handle, { breaker });
    const ask = async (tenantId: string) => await subgraph.client.fetch(operation, QUERY, callerOf(tenantId));
    for (let turn = 0; turn < 3; turn++) await expect(ask(one)).rejects.toThrow('gave no answer');
    const requests = subgraph.requests();
    for (let turn = 0; turn < 5; turn++) {
      await expect(ask(one)).rejects.toMatchObject({ code: 'TENANT_UNAVAILABLE', retryAfterMs: expect.any(Number) });
    }
    expect(subgraph.requests()).toBe(requests);
    await expect(ask(another)).resolves.toEqual(answer);
    isDown = false;
    await expect.poll(async () => await ask(one).catch(() => null)).toEqual(answer);
    expect(await subgraph.counts()).toMatchObject({
      failed: 3,
      'breaker_changes tenant open': 1,
      'breaker_changes tenant half-open': 1,
      'breaker_changes tenant closed': 1,
    });
  });

  test('nobody is asked for it when it answers no tenant', async () => {
    await using subgraph = await serve(() => {}, { breaker, timeoutMs: 50, sharedQueries: null });
    const ask = async (tenant: number) => await subgraph.client.fetch(operation, QUERY, callerOf(`tenant ${tenant}`));
    await Promise.allSettled(Array.from({ length: 6 }, async (_, tenant) => await ask(tenant)));
    await expect(ask(7)).rejects.toMatchObject({ code: 'TENANT_UNAVAILABLE' });
    expect(await subgraph.counts()).toEqual({ timeout: 6, refused: 1, 'breaker_changes subgraph open': 1 });
  });

  test.each<[string, Handle]>([
    ['answers with errors', (_request, response) => response.writeHead(500).end('{"errors":[{"message":"no"}]}')],
    ['answers too much', (_request, response) => response.end(' '.repeat(2000))],
    ['is kept from answering by a proxy that finds the request too large', (_request, response) => response.writeHead(413).end('<html>')],
  ])('is not one that %s', async (_what, handle) => {
    await using subgraph = await serve(handle, { breaker, maxResponseBytes: 1000 });
    const calls = Array.from({ length: 10 }, async () => await subgraph.client.fetch(operation, MUTATION, callerOf(one)));
    await Promise.allSettled(calls);
    expect(subgraph.requests()).toBe(10);
    expect(await subgraph.counts()).not.toHaveProperty('breaker_changes tenant open');
  });
});

describe('a subscription', () => {
  const subscription = { query: 'subscription { ticks }' };
  const tick = 'event: next\ndata: {"data":{"tick":1}}\n\n';
  const events: Handle = (_request, response) => response.writeHead(200, { 'content-type': 'text/event-stream' }).write(tick);

  test('brings answers until it is lost, and is not taken up again', async () => {
    await using subgraph = await serve((request, response) => events(request, response) && setTimeout(() => response.destroy(), 20));
    const answers: unknown[] = [];
    const listen = async () => {
      for await (const each of subgraph.client.subscribe(subscription, callerOf(one))) answers.push(each);
    };
    await expect(listen()).rejects.toMatchObject({ message: 'The subgraph library gave no answer.', cause: expect.any(Error) });
    expect(answers).toEqual([{ data: { tick: 1 } }]);
    expect(subgraph.requests()).toBe(1);
  });

  test('ends with its caller', async () => {
    await using subgraph = await serve(events);
    const caller = new AbortController();
    const answers = subgraph.client.subscribe(subscription, callerOf(one, 'ada', caller.signal))[Symbol.asyncIterator]();
    await answers.next();
    const waiting = answers.next();
    caller.abort();
    await expect(waiting).rejects.toMatchObject({ cause: { name: 'AbortError' } });
  });

  test('ends when it is returned, while it waits', async () => {
    await using subgraph = await serve(events);
    const answers = subgraph.client.subscribe(subscription, callerOf(one))[Symbol.asyncIterator]();
    await answers.next();
    const waiting = answers.next();
    await answers.return?.();
    await expect(waiting).resolves.toEqual({ done: true, value: undefined });
  });

  test('is not begun at a subgraph that is known not to answer, nor at one that has none', async () => {
    await using subgraph = await serve(badGateway, { breaker: { failuresPerTenant: 1 } });
    await expect(subgraph.client.fetch(operation, MUTATION, callerOf(one))).rejects.toThrow('gave no answer');
    expect(() => subgraph.client.subscribe(subscription, callerOf(one))).toThrow(expect.objectContaining({ code: 'TENANT_UNAVAILABLE' }));
    const { client } = testClient({ execute: async () => ({ data: {} }) });
    expect(() => client.subscribe(subscription, callerOf(one))).toThrow('The subgraph library has no subscriptions.');
  });
});

test('what a subgraph in the same process throws is no answer; its errors are', async () => {
  const error = new GraphQLError('no', { extensions: { code: 'NOT_FOUND' } });
  const { client } = testClient({
    async execute({ query }) {
      if (query === 'throw') throw new Error('a bug');
      return { data: null, errors: [error] };
    },
  });
  await expect(client.fetch({ query: 'throw' }, QUERY, callerOf(one))).rejects.toMatchObject({ cause: { message: 'a bug' } });
  await expect(client.fetch(operation, QUERY, callerOf(one))).resolves.toEqual({ data: null, errors: [error] });
});
