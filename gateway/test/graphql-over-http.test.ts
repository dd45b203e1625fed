import { createHash } from 'node:crypto';
import { serverAudits } from 'graphql-http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestGateway, tokenFor, type TestGateway } from './support/test-gateway.ts';

let gateway: TestGateway;
beforeAll(async () => void (gateway = await startTestGateway()));
afterAll(async () => await gateway[Symbol.asyncDispose]());

const modern = 'application/graphql-response+json';
const legacy = 'application/json';

describe('the GraphQL over HTTP specification', () => {
  // What it says MAY be so is a choice, made on purpose below.
  const audits = serverAudits({ url: () => gateway.url, fetchFn: fetch }).filter(({ name }) => !name.startsWith('MAY'));
  test.each(audits.map((audit) => [audit.name, audit] as const))('%s', async (_name, audit) => {
    expect(await audit.fn()).toMatchObject({ status: 'ok' });
  });
});

describe('the status of an answer', () => {
  const token = tokenFor('ada');

  test.each([
    ['a syntax error', '{', undefined, 400, 'GRAPHQL_PARSE_FAILED'],
    ['an unknown field', '{ nothing }', undefined, 400, 'GRAPHQL_VALIDATION_FAILED'],
    ['no token', '{ me { id } }', undefined, 401, 'UNAUTHENTICATED'],
    ['missing scopes', '{ salaries { id } }', token, 403, 'FORBIDDEN'],
    ['a subscription', 'subscription { count(to: 1) }', undefined, 400, 'OPERATION_RESOLUTION_FAILURE'],
    ['two operations and no name', 'query A { __typename } query B { __typename }', undefined, 400, 'OPERATION_RESOLUTION_FAILURE'],
  ])('to %s says so, except as application/json', async (_what, query, bearer, status, code) => {
    const options = bearer ? { token: bearer } : {};
    const answers = await Promise.all(
      [modern, legacy].map(async (accept) => await gateway.post({ query }, { ...options, headers: { accept } })),
    );
    expect(answers.map((answer) => answer.status)).toEqual([status, 200]);
    expect(answers.map((answer) => answer.headers.get('content-type'))).toEqual([`${modern}; charset=utf-8`, `${legacy}; charset=utf-8`]);
    for (const { body } of answers) {
      expect(body).not.toHaveProperty('data');
      expect(body.errors?.[0]?.extensions.code).toBe(code);
    }
  });

  test('with data and errors is 200', async () => {
    const { status, body } = await gateway.post({ query: '{ greet(name: "x") fail(code: "NOT_FOUND") }' });
    expect({ status, data: body.data }).toEqual({ status: 200, data: { greet: 'Hello, x!', fail: null } });
  });

  test('challenges for scopes', async () => {
    const { headers } = await gateway.post({ query: '{ salaries { id } }' }, { token });
    expect(headers.get('www-authenticate')).toBe('Bearer error="insufficient_scope"');
  });
});

async function send(init: RequestInit, path = '/graphql') {
  const response = await fetch(`${gateway.origin}${path}`, init);
  return { status: response.status, body: await response.json() };
}

describe('what is no GraphQL request', () => {
  const json = { 'content-type': 'application/json' };

  test.each([
    ['a batch', '/graphql', { method: 'POST', headers: json, body: '[{"query":"{__typename}"}]' }, 400, 'BAD_REQUEST'],
    ['no query', '/graphql', { method: 'POST', headers: json, body: '{"variables":{}}' }, 400, 'BAD_REQUEST'],
    ['no JSON', '/graphql', { method: 'POST', headers: json, body: '{' }, 400, 'BAD_REQUEST'],
    [
      'plain text',
      '/graphql',
      { method: 'POST', headers: { 'content-type': 'text/plain' }, body: '{"query":"{__typename}"}' },
      415,
      'BAD_REQUEST',
    ],
    ['a query by GET of a foreign page', '/graphql?query={__typename}', {}, 400, 'BAD_REQUEST'],
    [
      'a mutation by GET',
      '/graphql?query=mutation{rename(id:"ada",name:"x"){id}}',
      { headers: { 'apollo-require-preflight': 'true' } },
      405,
      'BAD_REQUEST',
    ],
    ['another path', '/elsewhere', {}, 404, 'NOT_FOUND'],
  ])('%s is refused', async (_what, path, init, status, code) => {
    const answer = await send(init, path);
    expect(answer).toMatchObject({ status, body: { errors: [{ message: expect.any(String), extensions: { code } }] } });
  });

  test('a query by GET is answered, when no foreign page can have sent it', async () => {
    const { status, body } = await send({ headers: { 'apollo-require-preflight': 'true' } }, '/graphql?query={__typename}');
    expect({ status, body }).toEqual({ status: 200, body: { data: { __typename: 'Query' } } });
  });
});

test('a persisted query under the hash of another one is refused', async () => {
  const persistedQuery = { version: 1, sha256Hash: createHash('sha256').update('{ other }').digest('hex') };
  const { status, body } = await gateway.post({ query: '{ __typename }', extensions: { persistedQuery } });
  expect(status).toBe(400);
  expect(body).toEqual({ errors: [{ message: 'provided sha does not match query', extensions: { code: 'BAD_REQUEST' } }] });
});

describe('an operation beyond the limits', () => {
  test.each([
    ['deep', `{ books { owner ${'{ friends '.repeat(15)}{ id }${' }'.repeat(15)} } }`, 'fields deep; 15 are allowed'],
    ['long', `{ ${'a: __typename '.repeat(3000)} }`, 'more than the 5000 tokens'],
    ['wide by fragments', doublingFragments('greet(name: "x")'), 'fields and fragments; 5000 are allowed'],
    ['wide by fragments of nothing but __typename', doublingFragments('__typename'), 'fields and fragments; 5000 are allowed'],
  ])('%s is refused before anything else is asked of it', async (_what, query, message) => {
    const { status, body } = await gateway.post({ query });
    expect(status).toBe(400);
    expect(body).toEqual({ errors: [{ message: expect.stringContaining(message), extensions: { code: 'OPERATION_TOO_COMPLEX' } }] });
  });

  test('in bytes is refused', async () => {
    const { status, body } = await gateway.post({ query: '{ __typename }', variables: { x: 'x'.repeat(1024 * 1024) } });
    expect(status).toBe(413);
    expect(body).toMatchObject({ errors: [{ extensions: { code: 'OPERATION_TOO_COMPLEX' } }] });
  });
});

function doublingFragments(leaf: string): string {
  const doubling = Array.from({ length: 14 }, (_, index) => `fragment F${index} on Query { ...F${index + 1} ...F${index + 1} }`);
  return `{ ...F0 } ${doubling.join(' ')} fragment F14 on Query { ${leaf} }`;
}

/** The request's id as the answer's header has it, and as a subgraph saw it. */
async function requestIds(given?: string) {
  const headers = given === undefined ? {} : { 'x-request-id': given };
  const answer = await gateway.post({ query: '{ context { requestId } }' }, { headers });
  return { echoed: answer.headers.get('x-request-id'), seen: answer.body.data?.['context'] };
}

describe('a request id', () => {
  test('of the client is kept', async () => {
    expect(await requestIds('trace-1.2:3')).toEqual({ echoed: 'trace-1.2:3', seen: { requestId: 'trace-1.2:3' } });
  });

  test.each([[undefined], ['with space'], ['x'.repeat(129)], ['"quoted"']])('is given where the client sends %j', async (given) => {
    const { echoed, seen } = await requestIds(given);
    expect(echoed).toMatch(/^[\da-f-]{36}$/);
    expect(seen).toEqual({ requestId: echoed });
  });
});

test('no answer may be kept by a cache', async () => {
  const { headers } = await gateway.post({ query: '{ __typename }' });
  expect(headers.get('cache-control')).toBe('no-store');
});
