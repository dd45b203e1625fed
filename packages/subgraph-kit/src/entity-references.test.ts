import { setImmediate as nextTurn } from 'node:timers/promises';
import { buildSubgraphSchema } from '@apollo/subgraph';
import { execute, parse } from 'graphql';
import { expect, it } from 'vitest';
import { resolveEntities } from './entity-references.ts';

const typeDefs = parse(`
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])
  type Query { open: String }
  type Gone @key(fields: "id") { id: ID! }
  type Kept @key(fields: "id") { id: ID! name: String }
  interface Node @key(fields: "id") { id: ID! }
  type Leaf implements Node @key(fields: "id") { id: ID! }
`);

const refuse = (what: string) => () => {
  throw new Error(what);
};

const schema = resolveEntities(
  buildSubgraphSchema([
    {
      typeDefs,
      resolvers: {
        Gone: { __resolveReference: async () => refuse('gone')() },
        Kept: { __resolveReference: ({ id }: { id: string }) => Object.freeze({ id, name: 'kept' }) },
        Node: { __resolveReference: refuse('no node') },
      },
    },
  ]),
);

async function entities(...typeNames: string[]) {
  const document = parse('query ($of: [_Any!]!) { _entities(representations: $of) { __typename ... on Kept { name } } }');
  const of = typeNames.map((__typename) => ({ __typename, id: '1' }));
  const { data, errors = [] } = await execute({ schema, document, variableValues: { of }, contextValue: {} });
  return { entities: data?.['_entities'], errors: errors.map(({ message, path }) => [message, path?.at(-1)]) };
}

it('what fails, whenever it does, leaves the other entities as they are', async () => {
  const answer = await entities('Gone', 'Node', 'Kept');
  expect(answer.entities).toEqual([null, null, { __typename: 'Kept', name: 'kept' }]);
  expect(new Map(answer.errors.map(([message, index]) => [index, message]))).toEqual(
    new Map([
      [0, 'gone'],
      [1, 'no node'],
    ]),
  );
  await nextTurn();
});

it('an entity that cannot be changed is told its type all the same', async () => {
  expect(await entities('Kept')).toEqual({ entities: [{ __typename: 'Kept', name: 'kept' }], errors: [] });
});

it('what is no entity is refused before any is read', async () => {
  const { errors } = await entities('Kept', 'Query');
  expect(errors).toEqual([['There is no entity "Query" here.', '_entities']]);
});
