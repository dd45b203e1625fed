import { expect, test } from 'vitest';
import { z } from 'zod';
import type { AskSubgraph } from './executors/executor.ts';
import { executeOurs } from './executors/our-executor.ts';
import { planOver } from './executors/plan-over.ts';

const subgraphs = {
  one: 'type Query { books: [Book] } type Book @key(fields: "id") { id: ID! title: String }',
  two: 'type Book @key(fields: "id") { id: ID! shelf: Shelf } type Shelf @key(fields: "id") { id: ID! }',
  three: 'type Shelf @key(fields: "id") { id: ID! room: Room } type Room { doors: [Int!] }',
};
/** Without parsing the shelves themselves, which would copy them. */
const shelves = z.object({ books: z.array(z.object({ shelf: z.custom<{ room: object }>() })) });
const planned = planOver(subgraphs, '{ books { title shelf { room { doors } } } }');
const books = ['a', 'b', 'a', 'a'].map((id, index) => ({ __typename: 'Book', id, title: `${index}` }));

const shelfOf = (representation: unknown) => ({
  shelf: { __typename: 'Shelf', id: JSON.stringify(representation).includes('"a"') ? '1' : '2' },
});
const answers: Readonly<Record<string, (representations: readonly unknown[]) => object[]>> = {
  one: () => structuredClone(books),
  two: (representations) => representations.map(shelfOf),
  three: (representations) => representations.map(() => ({ room: { doors: [1, 2] } })),
};

/** Answers, and keeps what each subgraph was asked for. */
function subgraphsThatRemember(): { ask: AskSubgraph; asked: Map<string, unknown> } {
  const asked = new Map<string, unknown>();
  const ask: AskSubgraph = async (subgraph, { variables: { representations = [] } }) => {
    if (!Array.isArray(representations)) throw new Error('Representations are a list.');
    asked.set(subgraph, structuredClone(representations));
    const found = answers[subgraph]?.(representations);
    return { data: subgraph === 'one' ? { books: found } : { _entities: found } };
  };
  return { ask, asked };
}

test.each([true, false])('are sent once, and answered to every entity (generated code: %s)', async (generatesCode) => {
  const { ask, asked } = subgraphsThatRemember();
  const { data } = await executeOurs({ generatesCode })(planned, ask);
  const shelf = { room: { doors: [1, 2] } };
  expect(data).toEqual({ books: ['0', '1', '2', '3'].map((title) => ({ title, shelf })) });
  expect(asked.get('two')).toEqual(['a', 'b'].map((id) => ({ __typename: 'Book', id })));
  expect(asked.get('three')).toEqual(['1', '2'].map((id) => ({ __typename: 'Shelf', id })));
});

test.each([true, false])(
  'get answers of their own: what is done to one is not done to the other (generated code: %s)',
  async (generatesCode) => {
    const { ask } = subgraphsThatRemember();
    const { data } = await executeOurs({ generatesCode })(planned, ask);
    const [first, , third] = shelves.parse(data).books;
    expect(first?.shelf).toEqual(third?.shelf);
    expect(first?.shelf).not.toBe(third?.shelf);
    expect(first?.shelf.room).not.toBe(third?.shelf.room);
  },
);

test.each([true, false])('share an error, each at its own place (generated code: %s)', async (generatesCode) => {
  const { ask } = subgraphsThatRemember();
  const failing: AskSubgraph = async (subgraph, operation) => {
    if (subgraph !== 'two') return await ask(subgraph, operation);
    return { data: { _entities: [null, null] }, errors: [{ message: 'No.', path: ['_entities', 0, 'shelf'] }] };
  };
  const { errors = [] } = await executeOurs({ generatesCode })(planned, failing);
  expect(errors.map((error) => JSON.parse(JSON.stringify(error)).path)).toEqual([0, 2, 3].map((index) => ['books', index, 'shelf']));
});
