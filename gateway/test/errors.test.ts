import { describe, expect, test } from 'vitest';
import { createHttpTransport, type SubgraphTransport } from '../src/index.ts';
import { capturingLogger } from './support/capturing-logger.ts';
import { listenHttp, type Handle } from './support/listen-http.ts';
import { startTestGateway, tokenFor } from './support/test-gateway.ts';

const token = tokenFor('ada');
const internal = (requestId: string) => ({
  message: 'Something went wrong on our side.',
  extensions: { code: 'INTERNAL_SERVER_ERROR', requestId },
});

describe.each(['in-process', 'http'] as const)('errors of subgraphs reached %s', (over) => {
  test('with a code come through with their path and all they carry', async () => {
    await using gateway = await startTestGateway({ over });
    const { status, body } = await gateway.post({ query: '{ people { id overdue } }' }, { token });
    expect(status).toBe(200);
    expect(body).toEqual({
      data: {
        people: [
          { id: 'ada', overdue: 3 },
          { id: 'grace', overdue: null },
          { id: 'alan', overdue: 4 },
        ],
      },
      errors: [
        {
          message: 'The library of grace is closed.',
          path: ['people', 1, 'overdue'],
          extensions: { code: 'TENANT_BUSY', retryAfterMs: 250 },
        },
      ],
    });
  });

  test('without one reach the log whole and the client by the id of its request', async () => {
    const { logger, entries } = capturingLogger();
    await using gateway = await startTestGateway({ over, logger });
    const { status, body } = await gateway.post({ query: '{ greet(name: "x") fail }' }, { headers: { 'x-request-id': 'r-7' } });
    expect(status).toBe(200);
    expect(body).toEqual({ data: { greet: 'Hello, x!', fail: null }, errors: [{ ...internal('r-7'), path: ['fail'] }] });
    const logged = entries.filter(({ level }) => level >= 50);
    expect(logged).toMatchObject([{ requestId: 'r-7', err: { message: 'cannot reach postgres://user:secret@db' } }]);
  });

  test('that name a fault of the subgraph are no more telling', async () => {
    await using gateway = await startTestGateway({ over });
    const query = '{ fail(code: "INTERNAL_SERVER_ERROR", retryAfterMs: 5) }';
    const { body } = await gateway.post({ query }, { headers: { 'x-request-id': 'r-8' } });
    const { message, extensions } = internal('r-8');
    expect(body.errors).toEqual([{ message, path: ['fail'], extensions: { ...extensions, retryAfterMs: 5 } }]);
  });

  test('never name the subgraph', async () => {
    await using gateway = await startTestGateway({ over });
    const { body } = await gateway.post({ query: '{ fail(code: "EMAIL_TAKEN") }' });
    expect(body.errors).toEqual([{ message: 'It failed with EMAIL_TAKEN.', path: ['fail'], extensions: { code: 'EMAIL_TAKEN' } }]);
  });
});

test('of many faults the log gets some, and their number', async () => {
  const { logger, entries } = capturingLogger();
  const errors = Array.from({ length: 25 }, (_, index) => ({ message: `fault ${index}`, path: ['books', index, 'title'] }));
  const library: SubgraphTransport = { execute: async () => ({ data: { books: [] }, errors }) };
  await using gateway = await startTestGateway({ replace: { library }, logger });
  const { body } = await gateway.post({ query: '{ books { title } }' });
  expect(body.errors).toHaveLength(25);
  const logged = entries.filter(({ level }) => level >= 50);
  expect(logged).toHaveLength(11);
  expect(logged.at(-1)).toMatchObject({ others: 15 });
});

test('an error never shows the insides of a subgraph, nor its name for want of words', async () => {
  const extensions = {
    code: 'CONFLICT',
    stacktrace: ['at /srv/library.ts:1'],
    exception: { stacktrace: ['at /srv/library.ts:1'] },
    hint: 'retry',
  };
  const failed = { data: null, errors: [{ message: '', path: ['books'], extensions }] };
  const answers = [failed, { data: { books: [] } }, failed];
  await using gateway = await startTestGateway({ replace: { library: { execute: async () => structuredClone(answers.shift()!) } } });
  const ask = async () => (await gateway.post({ query: '{ books { title } }' })).body.errors;
  const shown = [{ message: 'This part of the operation failed.', path: ['books'], extensions: { code: 'CONFLICT', hint: 'retry' } }];
  expect(await ask()).toEqual(shown);
  expect(await ask()).toBeUndefined();
  // Now the operation is known, and is answered past Apollo Server.
  expect(await ask()).toEqual(shown);
});

describe('a subgraph that does not answer as it should', () => {
  const query = '{ greet(name: "x") books { title } }';

  async function ask(library: SubgraphTransport) {
    const { logger, entries } = capturingLogger();
    await using gateway = await startTestGateway({ replace: { library }, logger });
    const { status, body } = await gateway.post({ query }, { headers: { 'x-request-id': 'r-9' } });
    return { status, body, entries };
  }

  async function askOverHttp(handle: Handle, timeoutMs = 10_000) {
    await using server = await listenHttp(handle);
    await using transport = createHttpTransport({ url: server.url, timeoutMs });
    return await ask(transport);
  }

  test.each<[string, Handle, string]>([
    ['a page of a proxy', (_request, response) => response.writeHead(502).end('<html>Bad gateway</html>'), 'not a GraphQL response'],
    ['a fault', (_request, response) => response.writeHead(500).end('{"error":"no"}'), 'not a GraphQL response'],
    ['garbage', (_request, response) => response.end('\u0000\u0001'), 'not a GraphQL response'],
    ['nothing, and hangs up', (request) => request.socket.destroy(), 'other side closed'],
    ['nothing in time', () => {}, 'timeout'],
  ])('but with %s leaves the rest of the answer as it is', async (_what, handle, cause) => {
    const { status, body, entries } = await askOverHttp(handle, 300);
    expect(status).toBe(200);
    // `books` may not be null, and so takes its parent with it.
    expect(body.data).toBeNull();
    expect(body.errors).toEqual([internal('r-9')]);
    const logged = entries.find(({ level }) => level >= 50);
    expect(logged).toMatchObject({ requestId: 'r-9' });
    expect(JSON.stringify(logged)).toContain('The subgraph library gave no answer.');
    expect(JSON.stringify(logged)).toContain(cause);
  });

  test('because it is down is a fault of ours, not of the tenant', async () => {
    await using transport = createHttpTransport({ url: 'http://127.0.0.1:1' });
    const { body, entries } = await ask(transport);
    expect(body.errors).toEqual([internal('r-9')]);
    expect(JSON.stringify(entries)).toContain('ECONNREFUSED');
  });

  test('but with a null that its type forbids is an error, as the specification has it', async () => {
    const { body, entries } = await ask({ execute: async () => ({ data: { books: [{ title: null }] } }) });
    expect(body).toEqual({ data: null, errors: [{ ...internal('r-9'), path: ['books', 0, 'title'] }] });
    expect(JSON.stringify(entries)).toContain('Cannot return null for non-nullable field Book.title');
  });

  test('but with entities that were not asked for is an error', async () => {
    const library: SubgraphTransport = { execute: async () => ({ data: { _entities: [{ books: [] }] } }) };
    await using gateway = await startTestGateway({ replace: { library } });
    const { body } = await gateway.post({ query: '{ people { id books { title } } }' }, { token });
    expect(body.errors).toMatchObject([{ extensions: { code: 'INTERNAL_SERVER_ERROR' } }]);
  });
});

describe('schema details in messages', () => {
  test.each([
    ['development', 'Cannot query field "greets" on type "Query". Did you mean "greet"?'],
    ['production', 'Cannot query field "greets" on type "Query".'],
  ] as const)('in %s', async (mode, message) => {
    await using gateway = await startTestGateway({ mode });
    const { body } = await gateway.post({ query: '{ greets }' });
    expect(body.errors?.[0]?.message).toContain(message);
    expect(body.errors?.[0]?.message.includes('Did you mean')).toBe(mode === 'development');
    expect(JSON.stringify(body)).not.toContain('stacktrace');
  });

  test('introspection answers in development only', async () => {
    const query = '{ __schema { queryType { name } } }';
    await using development = await startTestGateway({ mode: 'development' });
    await using production = await startTestGateway({ mode: 'production' });
    expect((await development.post({ query })).body).toEqual({ data: { __schema: { queryType: { name: 'Query' } } } });
    expect((await production.post({ query })).body.errors?.[0]?.extensions.code).toBe('GRAPHQL_VALIDATION_FAILED');
  });

  test('what subgraphs keep among themselves is not there', async () => {
    await using gateway = await startTestGateway();
    for (const query of ['{ _entities(representations: []) { __typename } }', '{ _service { sdl } }', '{ me { internalNote } }']) {
      expect((await gateway.post({ query }, { token })).body.errors?.[0]?.extensions.code).toBe('GRAPHQL_VALIDATION_FAILED');
    }
    const { body } = await gateway.post({ query: '{ __schema { types { name } } person: __type(name: "Person") { fields { name } } }' });
    expect(JSON.stringify(body)).not.toMatch(/join__|_Any|requiresScopes|internalNote/);
  });
});
