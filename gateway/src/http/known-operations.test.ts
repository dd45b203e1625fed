import { buildSchema, getOperationAST, parse } from 'graphql';
import { expect, test } from 'vitest';
import { KnownOperations, type OperationBody } from './known-operations.ts';

const schema = buildSchema('type Query { id: ID }');

function learn(known: KnownOperations, query: string, operationName: string | null = null): OperationBody {
  const document = parse(query);
  const body = { query, operationName, variables: {} };
  known.learn(body, { operation: { document, operation: getOperationAST(document, operationName)! }, schema });
  return body;
}

test('every operation of a document is known by its name', () => {
  const known = new KnownOperations();
  const bodies = ['A', 'B'].map((name) => learn(known, 'query A { id } query B { id }', name));
  expect(bodies.map((body) => known.find(body)?.operation.operation.name?.value)).toEqual(['A', 'B']);
  expect(known.find({ ...bodies[0]!, operationName: null })).toBeUndefined();
});

test('documents count by what they take once they are parsed, which is many times their text', () => {
  const known = new KnownOperations();
  const bodies = Array.from({ length: 40 }, (_, index) => learn(known, `{ ${'a '.repeat(4990)} x${index} }`));
  expect(known.find(bodies[0]!)).toBeUndefined();
  expect(known.find(bodies.at(-1)!)).toBeDefined();
});

test('a thousand operations of a common size are known together', () => {
  const known = new KnownOperations();
  const bodies = Array.from({ length: 1000 }, (_, index) => learn(known, `query Page${index} { ${'user { id name } '.repeat(10)} }`));
  expect(bodies.filter((body) => known.find(body))).toHaveLength(1000);
});
