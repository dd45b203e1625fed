import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestGateway, tenantId, tokenFor, type TestGateway } from './support/test-gateway.ts';

let inProcess: TestGateway;
let overHttp: TestGateway;
beforeAll(async () => {
  [inProcess, overHttp] = await Promise.all([startTestGateway({ over: 'in-process' }), startTestGateway({ over: 'http' })]);
});
afterAll(async () => void (await Promise.all([inProcess[Symbol.asyncDispose](), overHttp[Symbol.asyncDispose]()])));

const everything = ['payroll:read', 'email:read', 'level:read', 'biometrics:read', 'price:read'];

describe('both transports give the same answer', () => {
  test.each<[string, object, string[] | null]>([
    ['no token', { query: '{ __typename greet(name: "x") books { title } }' }, null],
    ['a refusal', { query: '{ me { id } }' }, null],
    ['a plan of several steps', { query: '{ me { id name books { title owner { name books { price } } } } }' }, everything],
    ['a union', { query: '{ search { __typename ... on Person { email } ... on Salary { amount } ... on Note { title } } }' }, everything],
    ['an interface', { query: '{ node(id: "note-1") { __typename id ... on Note { title author { name } } } }' }, everything],
    ['aliases and fragments', { query: '{ one: me { ...P } two: me { ...P } } fragment P on Person { id level fingerprint }' }, everything],
    [
      'variables',
      {
        query: 'query Q($name: String!, $no: Boolean!) { greet(name: $name) me @include(if: $no) { id } }',
        variables: { name: 'é "quoted" 😀', no: false },
        operationName: 'Q',
      },
      [],
    ],
    ['a variable of the wrong type', { query: 'query Q($name: String!) { greet(name: $name) }', variables: { name: 5 } }, null],
    ['a mutation', { query: 'mutation { rename(id: "ada", name: "Countess") { id name books { title } } }' }, []],
    ['errors in some entities', { query: '{ people { id overdue friends { overdue } } }' }, []],
    ['errors with codes', { query: '{ a: fail(code: "CONFLICT") b: fail(code: "TENANT_WAKING", retryAfterMs: 10) }' }, null],
    ['faults', { query: '{ greet(name: "x") fail }' }, null],
    ['the tenant context', { query: '{ context { subject tenantId impersonated requestId } }' }, []],
  ])('to %s', async (_what, request, scopes) => {
    const options = { headers: { 'x-request-id': 'same' }, ...(scopes && { token: tokenFor('ada', ...scopes) }) };
    const [one, other] = await Promise.all([inProcess.post(request, options), overHttp.post(request, options)]);
    expect(other.body).toEqual(one.body);
    expect(other.status).toBe(one.status);
  });
});

test('a subgraph learns who asks and by which request, and nothing else of the client', async () => {
  const query = '{ context { subject tenantId requestId headers } }';
  const headers = { 'x-request-id': 'r-1', cookie: 'session=1', 'x-forwarded-for': '10.0.0.1', 'x-tenantry-context': 'forged' };
  const { body } = await overHttp.post({ query }, { token: tokenFor('grace'), headers });
  expect(body.data?.['context']).toEqual({
    subject: 'grace',
    tenantId,
    requestId: 'r-1',
    headers: ['accept', 'connection', 'content-length', 'content-type', 'host', 'x-request-id', 'x-tenantry-context'],
  });
});
