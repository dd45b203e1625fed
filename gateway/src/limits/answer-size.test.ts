import { buildSchema, getOperationAST, parse } from 'graphql';
import { describe, expect, test } from 'vitest';
import { createAnswerSizeCheck } from './answer-size.ts';
import { estimateAnswer } from './estimate-answer.ts';

const schema = buildSchema(/* GraphQL */ `
  type Query {
    me: User
    names: [String!]!
    users(first: Int, after: String, last: Int): UserConnection!
    recent(first: Int): [User!]!
  }
  type UserConnection {
    totalCount: Int!
    nodes: [User!]!
    edges: [UserEdge!]!
  }
  type UserEdge {
    node: User!
  }
  type User {
    id: ID!
    teams: [Team!]!
  }
  type Team {
    name: String!
    members(first: Int, last: Int): UserConnection!
  }
`);

function operationOf(text: string) {
  const document = parse(text);
  return { document, operation: getOperationAST(document)! };
}

const pagesWithinPages = (size: number) => `{ users(first: ${size}) { nodes { teams { members(first: ${size}) { nodes { id } } } } } }`;

describe('the estimate of an answer', () => {
  test.each([
    ['{ me { id } }', 2],
    ['{ a: me { id } b: me { id __typename } }', 5],
    ['{ names }', 10],
    ['{ me { teams { name } } }', 1 + 1 + 10],
    ['{ users { totalCount nodes { id } } }', 1 + 1 + 1 + 20],
    ['{ users(first: 3) { nodes { id } edges { node { id } } } }', 1 + (1 + 3) + (1 + 3 * 2)],
    ['{ users(last: 3) { nodes { id } } }', 1 + 1 + 3],
    ['{ users(first: 2, last: 3) { nodes { id } } }', 1 + 1 + 3],
    ['{ users(first: -5) { nodes { id } } }', 1 + 1],
    ['{ recent(first: 3) { id } }', 1 + 3],
    ['{ users(first: 3) { nodes { teams { members(first: 4) { nodes { id } } } } } }', 1 + (1 + 3 * (1 + 10 * (1 + (1 + 4))))],
    ['{ users(first: 3) { ...F } } fragment F on UserConnection { ... { nodes { ...G } } } fragment G on User { id }', 1 + 1 + 3],
    ['{ __schema { types { name } } }', 1],
  ])('of %s is %i', (text, values) => expect(estimateAnswer(operationOf(text), schema, {})).toBe(values));

  test.each([
    [{ size: 3 }, 1 + 1 + 3],
    [{}, 1 + 1 + 5],
    [{ size: null }, 1 + 1 + 20],
    [{ size: 'many' }, 1 + 1 + 20],
  ])('takes the size of a page from %j', (variables, values) => {
    const operation = operationOf('query ($size: Int = 5) { users(first: $size) { nodes { id } } }');
    expect(estimateAnswer(operation, schema, variables)).toBe(values);
  });
});

test('pages within pages are refused before they multiply', () => {
  const check = createAnswerSizeCheck({ values: 100_000 });
  expect(() => check(operationOf(pagesWithinPages(90)), schema, {})).not.toThrow();
  expect(() => check(operationOf(pagesWithinPages(100)), schema, {})).toThrow(
    expect.objectContaining({
      code: 'OPERATION_TOO_COMPLEX',
      message: 'The operation asks for up to 102102 values; 100000 are allowed. Ask for less at once.',
    }),
  );
});

test('a page size is a number, whatever text of the same digits came before it', () => {
  const check = createAnswerSizeCheck({ values: 100 });
  const operation = operationOf('query ($size: Int) { users(first: $size) { nodes { id } } }');
  expect(() => check(operation, schema, { size: '1000' })).not.toThrow();
  expect(() => check(operation, schema, { size: 1000 })).toThrow('asks for up to 1002 values');
  expect(() => check(operation, schema, { size: 3 })).not.toThrow();
});

test.each(['size', 'constructor'])('a page whose size is left to the default of $%s is not taken for one of no size', (name) => {
  const check = createAnswerSizeCheck({ values: 100 });
  const operation = operationOf(`query ($${name}: Int = 1000) { users(first: $${name}) { nodes { id } } }`);
  expect(() => check(operation, schema, { [name]: null })).not.toThrow();
  expect(() => check(operation, schema, {})).toThrow('asks for up to 1002 values');
});
