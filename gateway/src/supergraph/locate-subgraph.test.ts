import { expect, test } from 'vitest';
import { locateSubgraph } from './locate-subgraph.ts';

const urls = new Map([['SUBGRAPH_AUDIT_LOG_URL', 'http://audit:4003']]);

test('a subgraph is where its variable says, or else where the supergraph does', () => {
  expect(locateSubgraph({ name: 'audit-log', url: 'http://elsewhere' }, urls)).toBe('http://audit:4003');
  expect(locateSubgraph({ name: 'users', url: 'https://users.example/graphql' }, urls)).toBe('https://users.example/graphql');
});

test.each([
  ['', 'has no URL'],
  ['subgraph:users', 'has the URL subgraph:users, which is not one of HTTP'],
])('a subgraph at "%s" is refused, with what to do', (url, problem) => {
  expect(() => locateSubgraph({ name: 'users', url }, urls)).toThrow(
    `The subgraph users ${problem}. Say where it is by SUBGRAPH_USERS_URL, or in the supergraph.`,
  );
});
