import type { TenantContext } from '@tenantry/auth';
import { expect, test } from 'vitest';
import type { ScannedAnswer } from '../scanned-answer.ts';
import type { SubgraphAnswer } from '../subgraph-transport.ts';
import { SharedCall } from './shared-call.ts';
import { SharedQueries, type SharedQuery } from './shared-queries.ts';

const tenantContext: TenantContext = Object.freeze({
  principal: Object.freeze({
    issuer: 'https://issuer.example',
    subject: 'ada',
    tenantId: 'one',
    scopes: ['a', 'b'],
    email: null,
    emailVerified: false,
    expiresAt: null,
  }),
  tenantId: 'one',
  impersonated: false,
  origin: '203.0.113.7',
});
const scan = (): ScannedAnswer | null => null;
const query: SharedQuery = {
  subgraph: 'users',
  operation: { query: '{ a }', operationName: 'A', variables: { n: [1, { m: 2 }] }, representations: '[{"id":1}]', scan },
  tenantContext,
};

function newCall(): SharedCall<SubgraphAnswer> {
  return new SharedCall<SubgraphAnswer>(async () => await Promise.resolve({ data: {} }), {
    timeoutMs: 1000,
    copy: (result) => result,
    onEnd: () => {},
  });
}

function shared(added: SharedQuery = query) {
  const queries = new SharedQueries();
  const call = newCall();
  queries.add({ ...added, call });
  return { queries, call };
}

const asked = (changes: Partial<TenantContext>): SharedQuery => ({ ...query, tenantContext: { ...tenantContext, ...changes } });
const principal = (changes: object) => asked({ principal: { ...tenantContext.principal!, ...changes } });
const operation = (changes: object): SharedQuery => ({ ...query, operation: { ...query.operation, ...changes } });

test.each<[string, SharedQuery]>([
  ['another request of the same token', asked({})],
  ['an equal principal of another token', principal({})],
  ['equal variables', operation({ variables: { n: [1, { m: 2 }] } })],
])('%s shares', (_what, other) => {
  const { queries, call } = shared();
  expect(queries.find(other)).toBe(call);
});

test.each<[string, SharedQuery]>([
  ['another subgraph', { ...query, subgraph: 'tenants' }],
  ['another text', operation({ query: '{ b }' })],
  ['another operation of a document', operation({ operationName: 'B' })],
  ['other variables', operation({ variables: { n: [1, { m: 3 }] } })],
  ['no variables', operation({ variables: undefined })],
  ['other representations', operation({ representations: '[{"id":2}]' })],
  ['no representations', operation({ representations: undefined })],
  ['another way to take the answer in', operation({ scan: () => null })],
  ['no way to take the answer in', operation({ scan: undefined })],
  ['another tenant', asked({ tenantId: 'another' })],
  ['no tenant', asked({ tenantId: null })],
  ['another origin', asked({ origin: '203.0.113.8' })],
  ['an impersonator', asked({ impersonated: true })],
  ['nobody', asked({ principal: null })],
  ['another issuer', principal({ issuer: 'https://other.example' })],
  ['another subject', principal({ subject: 'grace' })],
  ['other scopes', principal({ scopes: ['a'] })],
  ['another email', principal({ email: 'ada@example.com' })],
  ['a principal with more to them', principal({ other: true })],
])('%s does not share', (_what, other) => {
  const { queries } = shared();
  expect(queries.find(other)).toBeUndefined();
});

test.each<[string, SharedQuery]>([
  ['nobody', asked({ principal: null })],
  ['an impersonator', asked({ impersonated: true })],
])('%s does not even share with themselves', (_what, other) => {
  const { queries } = shared(other);
  expect(queries.find(other)).toBeUndefined();
});

test('a call that was removed is not shared, others are', () => {
  const { queries, call } = shared();
  const other = operation({ query: '{ b }' });
  const second = newCall();
  queries.add({ ...other, call: second });
  queries.remove({ tenantContext, call });
  expect([queries.find(query), queries.find(other)]).toEqual([undefined, second]);
  queries.remove({ tenantContext, call: second });
  queries.remove({ tenantContext, call: second });
  expect(queries.find(other)).toBeUndefined();
});

test('what was asked before a change is not shared after it', () => {
  const { queries } = shared();
  queries.forget(asked({ origin: null }).tenantContext);
  expect(queries.find(query)).toBeUndefined();
});

test('a subject with many queries under way shares the first of them', () => {
  const { queries } = shared();
  for (let n = 0; n < 100; n++) queries.add({ ...operation({ variables: { n } }), call: newCall() });
  expect(queries.find(query)).toBeDefined();
  expect(queries.find(operation({ variables: { n: 3 } }))).toBeDefined();
  expect(queries.find(operation({ variables: { n: 99 } }))).toBeUndefined();
});
