import { expect, test } from 'vitest';
import type { SubgraphOperation } from '../subgraph-transport.ts';
import { createBodyWriter } from './operation-body.ts';

const query = 'query Q($representations: [_Any!]!) { _entities(representations: $representations) { ... on Ü { "quoted" } } }';
const representations = '[{"__typename":"Ü","id":"1"}]';

test.each<[string, SubgraphOperation, object]>([
  ['a query alone', { query }, { query }],
  ['the name of its operation', { query, operationName: 'Q' }, { query, operationName: 'Q' }],
  ['variables', { query, variables: { a: [1, { b: null }], c: '"é"' } }, { query, variables: { a: [1, { b: null }], c: '"é"' } }],
  ['no variable', { query, variables: {} }, { query, variables: {} }],
  ['representations', { query, representations }, { query, variables: { representations: JSON.parse(representations) } }],
  [
    'representations and no other variable',
    { query, variables: {}, representations },
    { query, variables: { representations: JSON.parse(representations) } },
  ],
  [
    'representations and others',
    { query, operationName: 'Q', variables: { first: 10, of: ['a'] }, representations },
    { query, operationName: 'Q', variables: { first: 10, of: ['a'], representations: JSON.parse(representations) } },
  ],
])('writes %s', (_what, operation, body) => {
  const write = createBodyWriter();
  expect(JSON.parse(write(operation))).toEqual(body);
  expect(JSON.parse(write({ ...operation }))).toEqual(body);
});

test('a variable without a value is not there', () => {
  const body = createBodyWriter()({ query, variables: { a: undefined }, representations });
  expect(JSON.parse(body)).toEqual({ query, variables: { representations: JSON.parse(representations) } });
});
