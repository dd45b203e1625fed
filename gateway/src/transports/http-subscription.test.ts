import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { json } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { listenHttp, type Handle } from '../../test/support/listen-http.ts';
import { createHttpTransport, type HttpTransportOptions } from './http-transport.ts';

const operation = { query: 'subscription { ticks }' };
const next = (tick: unknown) => `event: next\ndata: ${JSON.stringify({ data: { tick } })}\n\n`;
const complete = 'event: complete\ndata:\n\n';

function begin(response: ServerResponse): ServerResponse {
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' }).flushHeaders();
  return response;
}

async function collect(handle: Handle, options: Partial<HttpTransportOptions> = {}) {
  await using upstream = await listenHttp(handle);
  await using transport = createHttpTransport({ url: upstream.url, ...options });
  const answers: unknown[] = [];
  try {
    for await (const answer of transport.subscribe(operation, 'signed')) answers.push(answer);
    return { answers };
  } catch (error) {
    return { answers, error };
  }
}

describe('a subscription', () => {
  test('brings its answers one by one, until it is complete', async () => {
    let received: unknown;
    const { answers, error } = await collect(async (request, response) => {
      received = { method: request.method, url: request.url, accept: request.headers.accept, body: await json(request) };
      begin(response).write(`:\n\n${next(1)}${next(2)}`);
      await delay(5);
      response.end(`${next('é😀')}:\n\n${complete}${next('too late')}`);
    });
    expect({ answers, error }).toEqual({ answers: [1, 2, 'é😀'].map((tick) => ({ data: { tick } })), error: undefined });
    expect(received).toEqual({ method: 'POST', url: '/graphql', accept: 'text/event-stream', body: operation });
  });

  test('that is refused brings the reason', async () => {
    const refusal = { errors: [{ message: 'no', extensions: { code: 'FORBIDDEN' } }] };
    const outcome = await collect((_request, response) => response.writeHead(403).end(JSON.stringify(refusal)));
    expect(outcome).toEqual({ answers: [refusal] });
  });

  test.each<[string, Handle, Partial<HttpTransportOptions>, RegExp]>([
    ['ends without being complete', (_request, response) => begin(response).end(next(1)), {}, /broke off/],
    [
      'loses its connection',
      (_request, response) => begin(response).write(next(1), () => response.destroy()),
      {},
      /other side closed|terminated|aborted/,
    ],
    [
      'says what is not GraphQL',
      (_request, response) => begin(response).end(`${next(1)}event: next\ndata: {}\n\n`),
      {},
      /not a GraphQL response/,
    ],
    [
      'has an answer that is too large',
      (_request, response) => begin(response).end(next(1) + next('x'.repeat(1000))),
      { maxResponseBytes: 500 },
      /more than the 500 bytes/,
    ],
    ['falls silent', (_request, response) => begin(response).write(next(1)), { subscriptionIdleMs: 100 }, /Timeout/],
    [
      'is compressed, which nobody asked for',
      (_request, response) => response.writeHead(200, { 'content-type': 'text/event-stream', 'content-encoding': 'gzip' }).flushHeaders(),
      {},
      /compressed/,
    ],
    ['is answered by a proxy', (_request, response) => response.writeHead(502).end('<html>'), {}, /status 502, is not a GraphQL response/],
    [
      'is refused at too great length',
      (_request, response) => response.end(' '.repeat(501)),
      { maxResponseBytes: 500 },
      /more than the 500 bytes/,
    ],
    ['is not answered', () => {}, { timeoutMs: 100 }, /Timeout/],
  ])('that %s fails, after what it brought', async (_what, handle, options, message) => {
    const { answers, error } = await collect(handle, options);
    expect(error).toBeInstanceOf(Error);
    expect(String(error)).toMatch(message);
    expect([[], [{ data: { tick: 1 } }]]).toContainEqual(answers);
  });

  test('lives as long as there are heartbeats', async () => {
    const { answers, error } = await collect(
      async (_request, response) => {
        begin(response);
        for (let beat = 0; beat < 8; beat++) await delay(50).then(() => response.write(':\n\n'));
        response.end(next(1) + complete);
      },
      { subscriptionIdleMs: 200 },
    );
    expect({ answers, error }).toEqual({ answers: [{ data: { tick: 1 } }], error: undefined });
  });
});

async function open(signal?: AbortSignal) {
  const closed = Promise.withResolvers<void>();
  const stack = new AsyncDisposableStack();
  const upstream = stack.use(
    await listenHttp((_request, response) => {
      response.once('close', closed.resolve);
      begin(response).write(next(1));
    }),
  );
  const transport = stack.use(createHttpTransport({ url: upstream.url }));
  const answers = transport.subscribe(operation, 'signed', signal ? { signal } : {})[Symbol.asyncIterator]();
  return { answers, closed: closed.promise, transport, [Symbol.asyncDispose]: async () => await stack.disposeAsync() };
}

describe('a subscription that nobody wants any longer', () => {
  test('ends with the reason of its signal, at the subgraph too', async () => {
    const listener = new AbortController();
    await using subscription = await open(listener.signal);
    await subscription.answers.next();
    const waiting = subscription.answers.next();
    listener.abort();
    await expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
    await expect(subscription.answers.next()).resolves.toEqual({ done: true, value: undefined });
    await subscription.closed;
  });

  test('was not begun, if that was so from the start', async () => {
    await using subscription = await open(AbortSignal.abort());
    await expect(subscription.answers.next()).rejects.toMatchObject({ name: 'AbortError' });
  });

  test('ends when it is returned, even while an answer is waited for', async () => {
    await using subscription = await open();
    await subscription.answers.next();
    const waiting = [subscription.answers.next(), subscription.answers.next()];
    await expect(subscription.answers.return?.()).resolves.toEqual({ done: true, value: undefined });
    await expect(Promise.all(waiting)).resolves.toEqual([
      { done: true, value: undefined },
      { done: true, value: undefined },
    ]);
    await subscription.closed;
  });

  test('ends when the transport is disposed of', async () => {
    await using subscription = await open();
    await subscription.answers.next();
    const waiting = subscription.answers.next();
    await Promise.all([expect(waiting).rejects.toThrow('The gateway stops.'), subscription.transport[Symbol.asyncDispose]()]);
    await subscription.closed;
  });
});

test('a listener who is slow holds the subgraph back, and loses nothing', async () => {
  const total = 3000;
  let sent = 0;
  await using upstream = await listenHttp(async (_request, response) => {
    begin(response);
    for (; sent < total; sent++) if (!response.write(next('x'.repeat(2000)))) await once(response, 'drain');
    response.end(complete);
  });
  await using transport = createHttpTransport({ url: upstream.url });
  const stream = transport.subscribe(operation, 'signed');
  await stream[Symbol.asyncIterator]().next();
  await expect
    .poll(async () => {
      const before = sent;
      await delay(100);
      return sent - before;
    })
    .toBe(0);
  expect(sent).toBeLessThan(total);
  let received = 1;
  for await (const _answer of stream) received++;
  expect(received).toBe(total);
});

test('subscriptions take no connection from queries', async () => {
  await using upstream = await listenHttp((request, response) => {
    if (request.headers.accept === 'text/event-stream') begin(response).write(next(1));
    else response.end('{"data":{}}');
  });
  await using transport = createHttpTransport({ url: upstream.url, connections: 1 });
  const streams = Array.from({ length: 5 }, () => transport.subscribe(operation, 'signed')[Symbol.asyncIterator]());
  await expect(Promise.all(streams.map(async (stream) => await stream.next()))).resolves.toHaveLength(5);
  await expect(transport.execute(operation, 'signed')).resolves.toEqual({ data: {} });
});
