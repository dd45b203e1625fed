import { describe, expect, test } from 'vitest';
import { startTestGateway, tokenFor, type PostOptions, type TestGateway } from './support/test-gateway.ts';

/** With a plugin that looks on, Apollo Server answers every request itself. */
const watched = { plugins: [{ requestDidStart: async () => {} }] };

const ada = { token: tokenFor('ada') };

interface Case {
  body: object;
  options?: PostOptions;
  /** Asked for first, so that the operation is known. */
  learnedFrom?: { body?: object; options?: PostOptions };
}

const cases: Record<string, Case> = {
  'a query over two subgraphs': { body: { query: '{ people { name books { title } } }' }, options: ada },
  'an error in a field': { body: { query: '{ people { name overdue } }' }, options: ada },
  'an error with a code, where nothing is left': { body: { query: '{ fail(code: "CONFLICT") }' } },
  'a fault': { body: { query: '{ greet(name: "you") fail }' }, options: { headers: { 'x-request-id': 'r-1' } } },
  'an operation by its name': {
    body: { query: 'query A { greet(name: "a") } query B { greet(name: "b") }', operationName: 'B' },
    learnedFrom: { body: { query: 'query A { greet(name: "a") } query B { greet(name: "b") }', operationName: 'A' } },
  },
  'no name where one is needed': {
    body: { query: 'query A { greet(name: "a") } query B { greet(name: "b") }' },
    learnedFrom: { body: { query: 'query A { greet(name: "a") } query B { greet(name: "b") }', operationName: 'A' } },
  },
  'other variables': {
    body: { query: 'query ($n: String!) { greet(name: $n) }', variables: { n: 'you' } },
    learnedFrom: { body: { query: 'query ($n: String!) { greet(name: $n) }', variables: { n: 'me' } } },
  },
  'variables of the wrong type': {
    body: { query: 'query ($n: String!) { greet(name: $n) }', variables: { n: 1 } },
    learnedFrom: { body: { query: 'query ($n: String!) { greet(name: $n) }', variables: { n: 'me' } } },
  },
  'variables that are missing': {
    body: { query: 'query ($n: String!) { greet(name: $n) }' },
    learnedFrom: { body: { query: 'query ($n: String!) { greet(name: $n) }', variables: { n: 'me' } } },
  },
  'variables that are no object': {
    body: { query: '{ greet(name: "a") }', variables: [] },
    learnedFrom: { body: { query: '{ greet(name: "a") }' } },
  },
  'what somebody else may not ask': {
    body: { query: '{ me { email } }' },
    options: ada,
    learnedFrom: { options: { token: tokenFor('ada', 'email:read') } },
  },
  'nobody, where somebody has to ask': { body: { query: '{ me { name } }' }, learnedFrom: { options: ada } },
  'a token that is not valid': { body: { query: '{ me { name } }' }, options: { token: 'no.token.atall' }, learnedFrom: { options: ada } },
  'another tenant than the token has': {
    body: { query: '{ me { name } }' },
    options: { ...ada, headers: { 'x-tenant-id': '3a3c2c4e-0000-4000-8000-000000000000' } },
    learnedFrom: { options: ada },
  },
  'a mutation': { body: { query: 'mutation { rename(id: "ada", name: "Ada") { name } }' }, options: ada },
  introspection: { body: { query: '{ __type(name: "Person") { name } greet(name: "you") }' } },
  'a condition that is no Boolean': {
    body: { query: 'query ($x: Boolean = true) { greet(name: "a") @include(if: $x) }', variables: { x: null } },
    learnedFrom: { body: { query: 'query ($x: Boolean = true) { greet(name: "a") @include(if: $x) }' } },
  },
  'the media type of GraphQL': {
    body: { query: '{ greet(name: "you") }' },
    options: { headers: { accept: 'application/graphql-response+json' } },
    learnedFrom: { body: { query: '{ greet(name: "you") }' } },
  },
  'a media type that is not to be had': {
    body: { query: '{ greet(name: "you") }' },
    options: { headers: { accept: 'image/png' } },
    learnedFrom: { body: { query: '{ greet(name: "you") }' } },
  },
  'extensions of a request': {
    body: { query: '{ greet(name: "you") }', extensions: { persistedQuery: { version: 1, sha256Hash: 'wrong' } } },
    learnedFrom: { body: { query: '{ greet(name: "you") }' } },
  },
};

describe('an operation that is known is answered as Apollo Server answers it', async () => {
  await using started = new AsyncDisposableStack();
  const gateway = started.use(await startTestGateway());
  const overHttp = started.use(await startTestGateway({ over: 'http' }));
  const reference = started.use(await startTestGateway(watched));
  const running = started.move();

  test.each(Object.entries(cases))('%s', async (_, { body, options = {}, learnedFrom = {} }) => {
    const expected = await ask(reference, body, options);
    for (const each of [gateway, overHttp]) {
      for (const _time of ['unknown', 'known']) await ask(each, learnedFrom.body ?? body, learnedFrom.options ?? options);
      for (const _time of ['first', 'second']) expect(await ask(each, body, options)).toEqual(expected);
    }
  });

  test('with plugins of somebody’s own, all of them see every request', async () => {
    const seen: (string | undefined)[] = [];
    const plugin = { requestDidStart: async ({ request }: { request: { query?: string } }) => void seen.push(request.query) };
    await using watchedGateway = await startTestGateway({ plugins: [plugin] });
    const query = '{ greet(name: "you") }';
    for (const _time of [1, 2, 3]) await watchedGateway.post({ query });
    expect(seen).toEqual([query, query, query]);
  });

  test.afterAll(async () => await running.disposeAsync());
});

async function ask({ url }: TestGateway, body: object, { token, headers }: PostOptions) {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }), ...headers },
    body: JSON.stringify(body),
  });
  const { date: _, 'x-request-id': requestId, ...otherHeaders } = Object.fromEntries(response.headers);
  const text = await response.text();
  return { status: response.status, headers: otherHeaders, body: requestId ? text.replaceAll(requestId, 'ID') : text };
}
