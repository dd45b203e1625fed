import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { zstdDecompressSync } from 'node:zlib';
import { tenantContextHeader, type Principal } from '@tenantry/auth';
import { silentLogger } from '@tenantry/service';
import { openCatalog } from '@tenantry/tenant-control';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { serveSubgraph } from './server.ts';
import { checkReadiness } from './services.ts';
import { createHttpTestCaller, createTestCaller } from './testing/caller.ts';
import { openTestInstallation, type TestInstallation } from './testing/installation.ts';
import { countLeases, type LeaseCounter } from './testing/lease-counter.ts';
import { defineProbe } from './testing/probe.ts';

const resources = new AsyncDisposableStack();
let installation: TestInstallation;
let leases: LeaseCounter;
let caller: Awaited<ReturnType<typeof createHttpTestCaller>>;
let member: Principal;

beforeAll(async () => {
  installation = resources.use(await openTestInstallation(inject('postgresUrl')));
  leases = countLeases(installation.services.pool);
  caller = resources.use(await createHttpTestCaller(defineProbe(), { services: { ...installation.services, pool: leases.pool } }));
  const tenant = await installation.provision();
  member = await installation.addUser(tenant.id);
});
afterAll(async () => await resources.disposeAsync());

async function post(body: string, { principal = member, signal, type = 'application/json' }: PostOptions = {}): Promise<Response> {
  const headers = { 'content-type': type, ...(principal && { [tenantContextHeader]: caller.sign(principal) }) };
  return await fetch(`${caller.url}/graphql`, { method: 'POST', headers, body, ...(signal && { signal }) });
}

interface PostOptions {
  principal?: Principal | null;
  signal?: AbortSignal;
  type?: string;
}

/** As {@link post}, with what arrives as it is: `fetch` would ask for compression, and undo it. */
async function postRaw(query: string, acceptEncoding?: string) {
  const headers = { 'content-type': 'application/json', [tenantContextHeader]: caller.sign(member) };
  const more = acceptEncoding === undefined ? {} : { 'accept-encoding': acceptEncoding };
  const request = httpRequest(`${caller.url}/graphql`, { method: 'POST', headers: { ...headers, ...more } });
  request.end(JSON.stringify({ query }));
  const [response]: IncomingMessage[] = await once(request, 'response');
  if (!response) throw new Error('There was no response.');
  const { 'content-encoding': coding, 'content-length': length } = response.headers;
  return { coding, length: Number(length), body: await buffer(response) };
}

async function connectTo(url: string): Promise<AsyncDisposable & { socket: Socket }> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  return { socket, [Symbol.asyncDispose]: async () => void socket.destroy() };
}

/** What a server answers to the head of a request whose body never comes. */
async function headOfAnswer(url: string, signedContext: string | undefined, length: string): Promise<string> {
  await using connection = await connectTo(url);
  const { socket } = connection;
  const context = signedContext === undefined ? [] : [`${tenantContextHeader}: ${signedContext}`];
  const head = ['POST /graphql HTTP/1.1', 'Host: test', 'Content-Type: application/json', length, ...context];
  socket.write(`${head.join('\r\n')}\r\n\r\n`);
  const [answer]: Buffer[] = await once(socket, 'data');
  return String(answer);
}

describe('a subgraph server', () => {
  it('answers 200 for what was executed, whatever came of it', async () => {
    for (const query of ['{ role }', '{ broken }']) {
      const response = await post(JSON.stringify({ query, operationName: null, variables: null }));
      expect([response.status, response.headers.get('content-type')]).toEqual([200, 'application/json; charset=utf-8']);
      expect(await response.json()).toHaveProperty('data');
    }
  });

  it('answers 401 without a context, and 400 for an operation that is not one', async () => {
    expect((await post(JSON.stringify({ query: '{ open }' }), { principal: null })).status).toBe(401);
    expect((await post(JSON.stringify({ query: '{ nothing }' }))).status).toBe(400);
  });

  it.each([
    ['no JSON', '{', 'application/json', 400],
    ['no query', '{}', 'application/json', 400],
    ['variables that are a list', '{"query":"{ open }","variables":[]}', 'application/json', 400],
    ['a batch', '[{"query":"{ open }"}]', 'application/json', 400],
    ['another content type', 'query=1', 'application/x-www-form-urlencoded', 415],
    ['more than 32 MiB', JSON.stringify({ query: '{ open }', pad: 'x'.repeat(32 * 1024 * 1024) }), 'application/json', 413],
  ])('refuses a body with %s, by an error as GraphQL has it', async (_what, body, type, status) => {
    const response = await post(body, { type });
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: 'BAD_USER_INPUT' } }] });
  });

  it.each(['forged', undefined])('refuses a caller whose context is %s before it reads their body', async (signedContext) => {
    const head = await headOfAnswer(caller.url, signedContext, 'Content-Length: 1000000');
    expect(head).toContain('401 Unauthorized');
  });

  it('in development reads a short body without a context, which may ask for the schema, and no other', async () => {
    const { handler } = createTestCaller(defineProbe(), { services: installation.services, mode: 'development' });
    await using server = await serveSubgraph(handler, { host: '127.0.0.1', port: 0, logger: silentLogger });
    const ask = async (operation: object) =>
      await fetch(`${server.url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(operation),
      });
    expect(await (await ask({ query: '{ __typename }' })).json()).toEqual({ data: { __typename: 'Query' } });
    expect((await ask({ query: '{ open }' })).status).toBe(401);
    for (const length of ['Content-Length: 65537', 'Transfer-Encoding: chunked']) {
      expect(await headOfAnswer(server.url, undefined, length)).toContain('401 Unauthorized');
    }
    expect(await headOfAnswer(server.url, 'forged', 'Content-Length: 10')).toContain('401 Unauthorized');
  });

  it('compresses a long answer, for who takes it so, and no other', async () => {
    const long = `{ ${Array.from({ length: 2000 }, (_, index) => `alias${index}: open`).join(' ')} }`;
    const plain = await postRaw(long);
    expect([plain.coding, plain.length]).toEqual([undefined, plain.body.length]);
    const compressed = await postRaw(long, 'zstd, br;q=0.9, gzip;q=0.8');
    expect([compressed.coding, compressed.length]).toEqual(['zstd', compressed.body.length]);
    expect(zstdDecompressSync(compressed.body).equals(plain.body)).toBe(true);
    expect((await postRaw(long, 'identity')).body.equals(plain.body)).toBe(true);
    expect((await postRaw('{ open }', 'zstd')).coding).toBeUndefined();
  });

  it('answers nothing by GET', async () => {
    expect((await fetch(`${caller.url}/graphql?query={open}`)).status).toBe(404);
  });

  it('gives the lease back as soon as the client has gone', async () => {
    const { taken } = leases;
    const controller = new AbortController();
    const response = post(JSON.stringify({ query: '{ sleep(seconds: 6) }' }), { signal: controller.signal });
    while (leases.taken === taken) await sleep(10);
    const left = performance.now();
    controller.abort();
    await expect(response).rejects.toThrow('aborted');
    while (leases.returned < leases.taken) await sleep(10);
    expect(performance.now() - left).toBeLessThan(3_000);
  });

  it('ends what it has begun before it closes, and does not wait for connections that ask nothing', async () => {
    const other = await createHttpTestCaller(defineProbe(), installation);
    await using silent = await connectTo(other.url);
    silent.socket.resume();
    const answer = other.ask(member, '{ sleep(seconds: 0.5) }');
    await sleep(200);
    const closing = performance.now();
    await other[Symbol.asyncDispose]();
    expect(performance.now() - closing).toBeLessThan(5_000);
    expect(await answer).toEqual({ data: { sleep: true } });
    await expect.poll(() => silent.socket.closed).toBe(true);
  });

  it('keeps idle connections for longer than its client does', async () => {
    const response = await fetch(`${caller.url}/livez`);
    expect(response.headers.get('keep-alive')).toBe('timeout=75');
    expect(await response.json()).toEqual({ status: 'ok' });
  });

  it('is ready while the control database answers, and only then', async () => {
    const { handler } = createTestCaller(defineProbe(), { services: installation.services });
    const nowhere = new URL(installation.controlDatabaseUrl);
    nowhere.pathname = '/nowhere';
    for (const [controlDatabaseUrl, status] of [
      [installation.controlDatabaseUrl, 200],
      [nowhere.href, 503],
    ] as const) {
      await using catalog = openCatalog({ controlDatabaseUrl, logger: silentLogger });
      await using server = await serveSubgraph(handler, {
        host: '127.0.0.1',
        port: 0,
        logger: silentLogger,
        checkReadiness: async () => await checkReadiness({ catalog }),
      });
      expect((await fetch(`${server.url}/readyz`)).status).toBe(status);
      expect((await fetch(`${server.url}/livez`)).status).toBe(200);
    }
  });
});
