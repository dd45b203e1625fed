import { once } from 'node:events';
import { connect as connectHttp2, type ClientHttp2Session, type ClientHttp2Stream } from 'node:http2';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import Fastify, { type FastifyInstance } from 'fastify';
import { expect, test } from 'vitest';
import { acceptHttp2 } from './accept-http2.ts';
import { clientSignal } from './client-signal.ts';
import { drainConnections } from './drain-connections.ts';
import { listen } from './listen.ts';
import { requestDeadline } from './request-deadline.ts';

const long = 'x'.repeat(12 * 1024 * 1024);

interface TestServer extends AsyncDisposable {
  readonly server: FastifyInstance;
  readonly url: string;
  /** Requests whose client went away before the answer. */
  readonly left: string[];
}

async function startServer({ requestTimeoutMs = 30_000 } = {}): Promise<TestServer> {
  const server = Fastify({ bodyLimit: 16 * 1024 * 1024, ...requestDeadline(requestTimeoutMs) });
  drainConnections(server);
  acceptHttp2(server);
  const left: string[] = [];
  server.get('/version', async ({ raw }) => raw.httpVersion);
  server.get('/long', async () => long);
  server.post<{ Body: object }>('/length', async ({ body }) => JSON.stringify(body).length);
  server.get('/slow', async ({ url }, reply) => {
    clientSignal(reply).addEventListener('abort', () => left.push(url));
    await sleep(500);
    return 'done';
  });
  server.get('/asks-late', async ({ url }, reply) => {
    await sleep(200);
    if (clientSignal(reply).aborted) left.push(url);
    return 'done';
  });
  const url = await listen(server, { host: '127.0.0.1', port: 0 });
  return { server, url, left, [Symbol.asyncDispose]: async () => await server.close() };
}

async function openSession(url: string): Promise<Disposable & { session: ClientHttp2Session }> {
  const session = connectHttp2(url);
  session.on('error', () => {});
  await once(session, 'connect');
  return { session, [Symbol.dispose]: () => session.destroy() };
}

async function ask(session: ClientHttp2Session, path: string, body?: object): Promise<{ status: unknown; body: string }> {
  const method = body ? 'POST' : 'GET';
  const stream = session.request({ ':path': path, ':method': method, ...(body && { 'content-type': 'application/json' }) });
  stream.end(body && JSON.stringify(body));
  const [[headers], answer] = await Promise.all([once(stream, 'response'), text(stream)]);
  return { status: headers[':status'], body: answer };
}

async function connectTo(url: string): Promise<Disposable & { socket: Socket }> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname).setNoDelay();
  await once(socket, 'connect');
  return { socket, [Symbol.dispose]: () => socket.destroy() };
}

test('either version is spoken on one port, whichever a client begins with', async () => {
  await using started = await startServer();
  using opened = await openSession(started.url);
  expect(await ask(opened.session, '/version')).toEqual({ status: 200, body: '2.0' });
  expect(await (await fetch(`${started.url}/version`)).text()).toBe('1.1');
  expect(await ask(opened.session, '/nowhere')).toMatchObject({ status: 404 });
});

test.each([
  ['HTTP/1.1', 'PUT /version HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n', '404 Not Found'],
  ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00', '\x00\x00'],
])('%s is known though it comes byte by byte', async (_version, bytes, expected) => {
  await using started = await startServer();
  using connection = await connectTo(started.url);
  const answer = once(connection.socket, 'data');
  for (const byte of bytes) {
    connection.socket.write(byte, 'latin1');
    await sleep(1);
  }
  expect(String((await answer)[0])).toContain(expected);
});

test('long bodies pass both ways, many at the same time, and those that are too long do not', async () => {
  await using started = await startServer();
  using opened = await openSession(started.url);
  const answers = await Promise.all([1, 2, 3].map(async () => (await ask(opened.session, '/long')).body.length));
  expect(answers).toEqual([long.length, long.length, long.length]);
  expect((await ask(opened.session, '/length', { long })).body).toBe(String(long.length + 11));
  expect(await ask(opened.session, '/length', { long: long + long })).toMatchObject({ status: 413 });
});

test('a client that goes away is noticed, and one that has its answer is not taken for gone', async () => {
  await using started = await startServer();
  using opened = await openSession(started.url);
  await ask(opened.session, '/slow');
  expect(started.left).toEqual([]);
  const stream: ClientHttp2Stream = opened.session.request({ ':path': '/slow?2' });
  await sleep(100);
  stream.close();
  await expect.poll(() => started.left).toEqual(['/slow?2']);
});

test('a client that has gone by the time that somebody asks is noticed, too', async () => {
  await using started = await startServer();
  using opened = await openSession(started.url);
  const stream: ClientHttp2Stream = opened.session.request({ ':path': '/asks-late?1' });
  using overHttp1 = await connectTo(started.url);
  overHttp1.socket.write('GET /asks-late?2 HTTP/1.1\r\nhost: test\r\n\r\n');
  await sleep(100);
  stream.close();
  overHttp1.socket.destroy();
  await expect.poll(() => started.left.toSorted()).toEqual(['/asks-late?1', '/asks-late?2']);
  expect(await ask(opened.session, '/asks-late?3')).toMatchObject({ body: 'done' });
  expect(started.left).not.toContain('/asks-late?3');
});

test('a request that does not arrive in full in time is cut, and a connection that says nothing', async () => {
  await using started = await startServer({ requestTimeoutMs: 200 });
  using opened = await openSession(started.url);
  using silent = await connectTo(started.url);
  const stream = opened.session.request({ ':path': '/length', ':method': 'POST', 'content-type': 'application/json' });
  stream.on('error', () => {});
  stream.write('{');
  // Node ends the stream itself when it is cut, a moment before it closes.
  const drip = setInterval(() => stream.writable && stream.write(' '), 20);
  const cut = new Promise((resolve) => stream.once('close', resolve));
  await Promise.all([cut, once(silent.socket.resume(), 'close')]);
  clearInterval(drip);
  expect(await ask(opened.session, '/version')).toMatchObject({ status: 200 });
});

test('a server that closes ends what it has begun, and waits for no connection that asks nothing', async () => {
  const { server, url } = await startServer();
  using idle = await openSession(url);
  using busy = await openSession(url);
  using silent = await connectTo(url);
  const answer = ask(busy.session, '/slow');
  await sleep(200);
  const closing = performance.now();
  await server.close();
  expect(performance.now() - closing).toBeLessThan(5_000);
  expect(await answer).toEqual({ status: 200, body: 'done' });
  await expect.poll(() => [idle.session.closed, busy.session.closed, silent.socket.closed]).toEqual([true, true, true]);
});
