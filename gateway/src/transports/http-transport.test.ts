import { Readable } from 'node:stream';
import { buffer, json as readJson } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { brotliCompressSync, constants, createZstdCompress, gzipSync, zstdCompressSync } from 'node:zlib';
import Fastify from 'fastify';
import { describe, expect, test } from 'vitest';
import { listenHttp, type Handle } from '../../test/support/listen-http.ts';
import { createHttpTransport, type HttpTransportOptions } from './http-transport.ts';

const operation = { query: '{ a }' };

async function call(handle: Handle, options: Partial<HttpTransportOptions> = {}, signal?: AbortSignal) {
  await using upstream = await listenHttp(handle);
  await using transport = createHttpTransport({ url: upstream.url, ...options });
  return await transport.execute(operation, 'signed', signal ? { signal } : {});
}

const drip: Handle = (_request, response) => {
  response.write('{"data":');
  const timer = setInterval(() => response.write(' '), 20);
  response.once('close', () => clearInterval(timer));
};

describe('an answer', () => {
  test.each([
    ['data', 200, { data: { a: 1 } }],
    ['data and errors', 200, { data: { a: null }, errors: [{ message: 'no', path: ['a'], extensions: { code: 'NOT_FOUND' } }] }],
    ['a refusal, whatever its status', 401, { errors: [{ message: 'no', extensions: { code: 'UNAUTHENTICATED' } }] }],
    ['a fault of the subgraph', 500, { errors: [{ message: 'no', extensions: { code: 'INTERNAL_SERVER_ERROR', requestId: 'r' } }] }],
  ])('with %s comes through as it is', async (_what, status, body) => {
    await expect(call((_request, response) => response.writeHead(status).end(JSON.stringify(body)))).resolves.toEqual(body);
  });

  test.each<[string, (json: string) => Handle]>([
    ['of a length that is told', (json) => (_request, response) => response.setHeader('content-length', Buffer.byteLength(json)).end(json)],
    ['in pieces', (json) => (_request, response) => Readable.from([json.slice(0, 99_999), json.slice(99_999)]).pipe(response)],
  ])('that is long, %s, comes through as it is', async (_what, handle) => {
    const body = { data: { texts: Array.from({ length: 20_000 }, (_, index) => `é ${index}`) } };
    await expect(call(handle(JSON.stringify(body)))).resolves.toEqual(body);
  });

  test('that is long and ends too early is refused', async () => {
    const json = JSON.stringify({ data: { text: 'x'.repeat(200_000) } });
    const answer = call((_request, response) => {
      response.setHeader('content-length', json.length);
      response.write(json.slice(0, -2), () => response.destroy());
    });
    await expect(answer).rejects.toThrow('other side closed');
  });

  test.each([
    ['a page of a proxy', 502, '<html>Bad gateway</html>'],
    ['other JSON', 503, '{"status":"unavailable"}'],
    ['an empty answer', 200, ''],
    ['half an answer', 200, '{"data":{"a":'],
    ['a list', 200, '[{"data":{}}]'],
    ['data that is no object', 200, '{"data":"a"}'],
    ['errors that are none', 200, '{"data":{},"errors":["no"]}'],
    ['no errors and no data', 200, '{"errors":[]}'],
  ])('that is %s is refused', async (_what, status, body) => {
    const answer = call((_request, response) => response.writeHead(status, { 'content-type': 'application/json' }).end(body));
    await expect(answer).rejects.toThrow(`The answer, of status ${status}, is not a GraphQL response.`);
  });

  test.each<[string, Handle]>([
    ['says so', (_request, response) => response.setHeader('content-length', 2000).end('x'.repeat(2000))],
    ['does not say so', (_request, response) => response.write('x'.repeat(900)) && setTimeout(() => response.end('x'.repeat(900)), 10)],
    ['is compressed', (_request, response) => response.setHeader('content-encoding', 'br').end(brotliCompressSync('x'.repeat(2_000_000)))],
    ['claims to be short', (_request, response) => response.setHeader('content-encoding', 'gzip').end(gzipSync(' '.repeat(1001)))],
  ])('that is larger than allowed and %s is refused', async (_what, handle) => {
    await expect(call(handle, { maxResponseBytes: 1000 })).rejects.toThrow('more than the 1000 bytes');
  });
});

describe('a compressed answer', () => {
  const body = { data: { name: 'é 😀'.repeat(1000) } };
  const json = JSON.stringify(body);

  test.each([
    ['zstd', zstdCompressSync(json)],
    ['br', brotliCompressSync(json)],
    ['gzip', gzipSync(json)],
    ['X-GZIP', gzipSync(json)],
    ['identity', Buffer.from(json)],
  ])('by %s comes through', async (coding, bytes) => {
    await expect(call((_request, response) => response.setHeader('content-encoding', coding).end(bytes))).resolves.toEqual(body);
  });

  test('is asked for only if that is wanted', async () => {
    const asked: unknown[] = [];
    const handle: Handle = (request, response) => {
      asked.push(request.headers['accept-encoding']);
      response.end('{"data":{}}');
    };
    await call(handle);
    await call(handle, { compression: true });
    expect(asked).toEqual([undefined, 'zstd, br;q=0.9, gzip;q=0.8']);
  });

  test.each([
    ['by what nobody asked for', 'compress', gzipSync(json), 'by "compress", which was not asked for'],
    ['and is not, really', 'gzip', Buffer.from(json), 'not valid gzip'],
    ['and cut short', 'zstd', zstdCompressSync(json).subarray(0, -20), 'not valid zstd'],
  ])('%s is refused', async (_what, coding, bytes, message) => {
    const answer = call((_request, response) => response.setHeader('content-encoding', coding).end(bytes));
    await expect(answer).rejects.toThrow(message);
  });

  test('that would need a window larger than HTTP allows is refused', async () => {
    const params = { [constants.ZSTD_c_windowLog]: 27, [constants.ZSTD_c_contentSizeFlag]: 0 };
    const compress = createZstdCompress({ params });
    compress.end(json);
    const bytes = await buffer(compress);
    const answer = call((_request, response) => response.setHeader('content-encoding', 'zstd').end(bytes));
    await expect(answer).rejects.toThrow('not valid zstd');
  });
});

/** @param takesIn whether it is taken in, once it is seen */
async function scanned(handle: Handle, takesIn = true) {
  const seen: string[] = [];
  await using upstream = await listenHttp(handle);
  await using transport = createHttpTransport({ url: upstream.url, compression: true });
  const scan = (bytes: Buffer) => {
    seen.push(bytes.toString());
    return takesIn ? { bytes, tape: [8, 9], holders: 1 } : null;
  };
  return { answer: await transport.execute({ ...operation, scan }, 'signed'), seen };
}

describe('an answer that may be taken in as it is', () => {
  const body = { data: { name: 'é 😀' } };
  const json = JSON.stringify(body);

  test.each<[string, Handle]>([
    ['whole', (_request, response) => response.end(json)],
    ['in pieces', (_request, response) => response.write(json.slice(0, 9)) && setTimeout(() => response.end(json.slice(9)), 10)],
    ['compressed', (_request, response) => response.setHeader('content-encoding', 'gzip').end(gzipSync(json))],
  ])('comes as its bytes, though it was sent %s', async (_how, handle) => {
    const { answer, seen } = await scanned(handle);
    expect(answer).toEqual({ bytes: Buffer.from(json), tape: [8, 9], holders: 1 });
    expect(seen).toEqual([json]);
  });

  test('is parsed where it is not taken in', async () => {
    const { answer, seen } = await scanned((_request, response) => response.end(json), false);
    expect(answer).toEqual(body);
    expect(seen).toEqual([json]);
  });

  test('is parsed, and not looked at otherwise, where its status is not 200', async () => {
    const { answer, seen } = await scanned((_request, response) => response.writeHead(203).end(json));
    expect(answer).toEqual(body);
    expect(seen).toEqual([]);
  });
});

test.each([
  ['the id of the request', { requestId: 'r-1' }, 'r-1'],
  ['no id where the request has none', {}, undefined],
])('a subgraph is told %s', async (_what, options, expected) => {
  const told: unknown[] = [];
  await using upstream = await listenHttp((request, response) => {
    told.push(request.headers['x-request-id']);
    response.end('{"data":{}}');
  });
  await using transport = createHttpTransport({ url: upstream.url });
  await transport.execute(operation, 'signed', options);
  expect(told).toEqual([expected]);
});

describe('no answer', () => {
  test('from a subgraph that is down fails at once', async () => {
    const gone = await listenHttp(() => {});
    await gone[Symbol.asyncDispose]();
    await using transport = createHttpTransport({ url: gone.url });
    await expect(transport.execute(operation, 'signed')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await expect(transport.checkReadiness()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  test('within the deadline fails', async () => {
    await expect(call(() => {}, { timeoutMs: 100 })).rejects.toMatchObject({ name: 'TimeoutError' });
  });

  test('that is complete within the deadline fails, though bytes keep coming', async () => {
    await expect(call(drip, { timeoutMs: 200 })).rejects.toMatchObject({ name: 'TimeoutError' });
  });

  test('is waited for once the caller has gone away; the subgraph sees it go', async () => {
    const closed = Promise.withResolvers<void>();
    const caller = new AbortController();
    await using upstream = await listenHttp((_request, response) => {
      response.once('close', closed.resolve);
      caller.abort();
    });
    await using transport = createHttpTransport({ url: upstream.url });
    await expect(transport.execute(operation, 'signed', { signal: caller.signal })).rejects.toMatchObject({ name: 'AbortError' });
    await closed.promise;
  });

  test('is waited for once the caller has gone away, though there was no connection free yet', async () => {
    let requests = 0;
    await using upstream = await listenHttp(() => requests++);
    await using transport = createHttpTransport({ url: upstream.url, connections: 1, timeoutMs: 300 });
    const first = transport.execute(operation, 'signed');
    const second = transport.execute(operation, 'signed', { signal: AbortSignal.timeout(50) });
    await expect(second).rejects.toMatchObject({ name: 'TimeoutError' });
    await expect(first).rejects.toMatchObject({ name: 'TimeoutError' });
    expect(requests).toBe(1);
  });

  test('is asked for by a caller who is gone already', async () => {
    const answer = call(() => expect.unreachable(), {}, AbortSignal.abort());
    await expect(answer).rejects.toMatchObject({ name: 'AbortError' });
  });

  test('from a connection that breaks off fails', async () => {
    await expect(call((request) => request.socket.destroy())).rejects.toThrow('other side closed');
  });
});

test('the subgraph is sent the operation and the signed context, and no more', async () => {
  let received: unknown;
  await call(async (request, response) => {
    const { host: _host, 'content-length': _length, ...headers } = request.headers;
    received = { method: request.method, url: request.url, headers, body: await readJson(request) };
    response.end('{"data":{}}');
  });
  expect(received).toEqual({
    method: 'POST',
    url: '/graphql',
    headers: {
      accept: 'application/graphql-response+json, application/json;q=0.9',
      connection: 'keep-alive',
      'content-type': 'application/json',
      'x-tenantry-context': 'signed',
    },
    body: operation,
  });
});

test('operations go to the path of a full URL, readiness to its origin', async () => {
  const paths: (string | undefined)[] = [];
  await using upstream = await listenHttp((request, response) => {
    paths.push(request.url);
    response.end('{"data":{}}');
  });
  await using transport = createHttpTransport({ url: `${upstream.url}/api/graphql?v=1` });
  await transport.execute(operation, 'signed');
  await transport.checkReadiness();
  expect(paths).toEqual(['/api/graphql?v=1', '/readyz']);
});

test('a subgraph that is not ready says so', async () => {
  await using upstream = await listenHttp((_request, response) => response.writeHead(503).end('{}'));
  await using transport = createHttpTransport({ url: upstream.url });
  await expect(transport.checkReadiness()).rejects.toThrow('/readyz answers 503.');
});

test('connections are kept and used again, and closed in the end', async () => {
  let connections = 0;
  await using upstream = await listenHttp((_request, response) => response.end('{"data":{}}'));
  upstream.server.on('connection', () => connections++);
  const transport = createHttpTransport({ url: upstream.url });
  for (let turn = 0; turn < 10; turn++) await transport.execute(operation, 'signed');
  // The second may come before the first connection is known to be free.
  expect(connections).toBeLessThanOrEqual(2);
  await transport[Symbol.asyncDispose]();
  await transport[Symbol.asyncDispose]();
  await expect(transport.execute(operation, 'signed')).rejects.toThrow(/closed|destroyed/);
});

test('no more connections are opened than allowed', async () => {
  let open = 0;
  let most = 0;
  const slow: Handle = async (_request, response) => {
    most = Math.max(most, ++open);
    await delay(20);
    open--;
    response.end('{"data":{}}');
  };
  await using upstream = await listenHttp(slow);
  await using transport = createHttpTransport({ url: upstream.url, connections: 2 });
  await Promise.all(Array.from({ length: 8 }, async () => await transport.execute(operation, 'signed')));
  expect(most).toBe(2);
});

async function listenHttp2() {
  const server = Fastify({ http2: true, http2SessionTimeout: 1000 });
  const seen = { sessions: 0, requests: 0 };
  server.server.on('session', () => seen.sessions++);
  server.post<{ Body: { variables: { n: number } } }>('/graphql', async ({ body, headers, raw }) => {
    seen.requests++;
    await delay(20);
    return { data: { version: raw.httpVersion, context: headers['x-tenantry-context'], n: body.variables.n } };
  });
  server.get('/readyz', () => ({}));
  server.post('/silent', async () => await delay(5_000, {}, { ref: false }));
  await server.listen({ host: '127.0.0.1', port: 0 });
  const url = server.listeningOrigin;
  return { url, seen, [Symbol.asyncDispose]: async () => await server.close() };
}

describe('HTTP/2', () => {
  test('sends all over one connection, by prior knowledge', async () => {
    await using upstream = await listenHttp2();
    await using transport = createHttpTransport({ url: upstream.url, http2: true });
    await transport.checkReadiness();
    const numbers = Array.from({ length: 50 }, (_, n) => n);
    const answers = await Promise.all(
      numbers.map(async (n) => await transport.execute({ query: '{ a }', variables: { n } }, `signed ${n}`)),
    );
    expect(answers).toEqual(numbers.map((n) => ({ data: { version: '2.0', context: `signed ${n}`, n } })));
    expect(upstream.seen).toEqual({ sessions: 1, requests: 50 });
  });

  test('keeps the deadline, and serves others on the same connection', async () => {
    await using upstream = await listenHttp2();
    await using silent = createHttpTransport({ url: `${upstream.url}/silent`, http2: true, timeoutMs: 100 });
    await expect(silent.execute(operation, 'signed')).rejects.toMatchObject({ name: 'TimeoutError' });
    await expect(silent.execute(operation, 'signed')).rejects.toMatchObject({ name: 'TimeoutError' });
    await silent.checkReadiness();
    expect(upstream.seen.sessions).toBe(1);
  });
});
