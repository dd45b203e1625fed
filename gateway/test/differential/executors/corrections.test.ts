import { describe, expect, test } from 'vitest';
import { normalResult, type NormalError } from '../report/normal-result.ts';
import type { SubgraphData } from '../world/subgraph.ts';
import { corrections } from './corrections.ts';
import type { AskSubgraph, Execute } from './executor.ts';
import { executeOurs } from './our-executor.ts';
import { planOver } from './plan-over.ts';
import { executeCorrectedStock, executeStock } from './stock-executor.ts';
import { correctedExecutor } from './stock-modules.ts';

interface KnownFault {
  /** The name of its correction. */
  readonly name: string;
  readonly subgraphs: Readonly<Record<string, string>>;
  readonly operation: string;
  /** What subgraphs answer; where it depends on them, by their representations. */
  readonly answers: Readonly<Record<string, SubgraphData | ((representations: unknown) => SubgraphData)>>;
  /** What is right, by the specification. */
  readonly expected: {
    readonly data: unknown;
    readonly errors?: readonly NormalError[];
    readonly valueCompletion?: readonly NormalError[];
  };
}

const things = {
  one: 'type Query { things: [Thing] other: Int } type Thing @key(fields: "id") { id: ID! }',
  two: 'type Thing @key(fields: "id") { id: ID! extra: Int }',
};
const downstream = { serviceName: 'two', code: 'DOWNSTREAM_SERVICE_ERROR' };

const knownFaults: readonly KnownFault[] = [
  {
    name: 'lists in lists are merged',
    subgraphs: {
      one: 'type Query { grid: Grid } type Grid @key(fields: "id") { id: ID! cells: [[Cell]] @shareable } type Cell { a: Int }',
      two: 'type Grid @key(fields: "id") { id: ID! cells: [[Cell]] @shareable } type Cell { b: Int }',
    },
    operation: '{ grid { cells { a b } } }',
    answers: {
      one: { data: { grid: { __typename: 'Grid', id: '1', cells: [[{ a: 1 }, null], []] } } },
      two: { data: { _entities: [{ cells: [[{ b: 2 }, null], []] }] } },
    },
    expected: { data: { grid: { cells: [[{ a: 1, b: 2 }, null], []] } } },
  },
  {
    name: 'a requirement is picked out of lists in lists',
    subgraphs: {
      one: 'type Query { grid: Grid } type Grid @key(fields: "id") { id: ID! cells: [[Cell]] } type Cell @shareable { a: Int }',
      two: `type Grid @key(fields: "id") { id: ID! cells: [[Cell]] @external sum: String @requires(fields: "cells { a }") }
        type Cell @shareable { a: Int }`,
    },
    operation: '{ grid { sum } }',
    answers: {
      one: { data: { grid: { __typename: 'Grid', id: '1', cells: [[{ a: 1 }], null, [{ a: 2 }, null]] } } },
      two: (representations) => ({ data: { _entities: [{ sum: JSON.stringify(representations) }] } }),
    },
    expected: { data: { grid: { sum: '[{"__typename":"Grid","id":"1","cells":[[{"a":1}],null,[{"a":2},null]]}]' } } },
  },
  {
    name: 'a fragment does not make the type unknown',
    subgraphs: {
      one: 'type Query { thing: Thing } interface Named { name: String } type Thing implements Named { name: String }',
    },
    operation: '{ thing { ... on Named { ... on Thing { name } kind: __typename } } }',
    answers: { one: { data: { thing: { name: 'x', kind: 'Thing' } } } },
    expected: { data: { thing: { name: 'x', kind: 'Thing' } } },
  },
  {
    name: 'the name of an interface object is no type',
    subgraphs: {
      one: `type Query { media: Media } interface Media @key(fields: "id") { id: ID! }
        type Book implements Media @key(fields: "id") { id: ID! pages: Int }`,
      two: 'type Media @interfaceObject @key(fields: "id") { id: ID! stars: Int }',
    },
    operation: '{ media { __typename stars ... on Book { pages } } }',
    answers: {
      one: { data: { media: { __typename: 'Book', id: '1', pages: 7 } } },
      two: { data: { _entities: [{ __typename: 'Media', stars: 5 }] } },
    },
    expected: { data: { media: { __typename: 'Book', stars: 5, pages: 7 } } },
  },
  {
    name: 'an error of an entity is at that entity',
    subgraphs: things,
    operation: '{ things { extra } }',
    answers: {
      one: { data: { things: [{ __typename: 'Thing' }, null, { __typename: 'Thing', id: '1' }] } },
      two: { data: { _entities: [{ extra: null }] }, errors: [{ message: 'No.', path: ['_entities', 0, 'extra'] }] },
    },
    expected: {
      data: { things: [{ extra: null }, null, { extra: null }] },
      errors: [{ message: 'No.', path: ['things', 2, 'extra'], extensions: downstream }],
    },
  },
  {
    name: 'a path of a plan is none of a response',
    subgraphs: things,
    operation: '{ things { extra } }',
    answers: {
      one: { data: { things: [{ __typename: 'Thing', id: '1' }] } },
      two: { data: null, errors: [{ message: 'No.', path: ['_entities'] }] },
    },
    expected: { data: { things: [{ extra: null }] }, errors: [{ message: 'No.', path: ['things'], extensions: downstream }] },
  },
  {
    name: 'as many entities are expected as there are representations',
    subgraphs: things,
    operation: '{ things { extra } }',
    answers: {
      one: { data: { things: [1, 2].map(() => ({ __typename: 'Thing', id: '1' })) } },
      two: { data: { _entities: [] } },
    },
    expected: {
      data: { things: [{ extra: null }, { extra: null }] },
      errors: [{ message: 'Expected "data._entities" to contain 1 elements', path: undefined, extensions: {} }],
    },
  },
  {
    name: 'an object is of the type that its holder knows it by',
    subgraphs: {
      one: `type Query { work: Work } interface Work { id: ID! }
        type Book implements Work @key(fields: "id") { id: ID! } type Film implements Work @key(fields: "id") { id: ID! }`,
      two: `interface Work { sequels: [Work] }
        type Book implements Work @key(fields: "id") { id: ID! sequels: [Book] title: String }
        type Film implements Work @key(fields: "id") { id: ID! sequels: [Film] minutes: Int }`,
    },
    operation: '{ work { sequels { ... on Book { title } ... on Film { minutes } } } }',
    answers: {
      one: { data: { work: { __typename: 'Book', id: '1' } } },
      two: { data: { _entities: [{ sequels: [{ title: 'Two' }, null] }] } },
    },
    expected: { data: { work: { sequels: [{ title: 'Two' }, null] } } },
  },
  {
    name: 'a renamed field keeps its value, whatever it is',
    subgraphs: {
      one: `type Query { counted: [Counted] } interface Counted { count: Int }
        type Book implements Counted @key(fields: "id") { id: ID! count: Int @external }
        type Film implements Counted @key(fields: "id") { id: ID! count: Int! @external }`,
      two: 'type Book @key(fields: "id") { id: ID! count: Int } type Film @key(fields: "id") { id: ID! count: Int! }',
    },
    operation: '{ counted { count } }',
    answers: {
      one: { data: { counted: ['Book', 'Film'].map((__typename) => ({ __typename, id: '1' })) } },
      two: { data: { _entities: [{ count: 0 }, { count__alias_0: 0 }] } },
    },
    expected: { data: { counted: [{ count: 0 }, { count: 0 }] } },
  },
  {
    name: 'what was asked for under several names goes together',
    subgraphs: {
      one: `type Query { work: Work } interface Work { id: ID! }
        type Book implements Work @key(fields: "id") { id: ID! } type Film implements Work @key(fields: "id") { id: ID! }`,
      two: `interface Work { copies: [Copy] } type Copy { place: String shelf: Int }
        type Book implements Work @key(fields: "id") { id: ID! copies: [Copy] }
        type Film implements Work @key(fields: "id") { id: ID! copies: [Copy]! }`,
    },
    operation: '{ ... on Query @include(if: true) { work { copies { place } copies @include(if: true) { shelf } } } }',
    answers: {
      one: { data: { work: { __typename: 'Film', id: '1' } } },
      two: { data: { _entities: [{ copies__alias_0: [{ place: 'here' }], copies__alias_1: [{ shelf: 4 }] }] } },
    },
    expected: { data: { work: { copies: [{ place: 'here', shelf: 4 }] } } },
  },
  {
    name: 'what cannot be asked for is not known to be null',
    subgraphs: {
      one: 'type Query { thing: Thing } interface Thing @key(fields: "id") { id: ID! }',
      two: 'type Thing @interfaceObject @key(fields: "id") { id: ID! size: Int }',
    },
    operation: '{ thing { size } }',
    answers: {},
    expected: {
      data: null,
      errors: [
        {
          message: 'There is no way to fetch anything of what the operation asks for.',
          path: undefined,
          extensions: {},
        },
      ],
    },
  },
  {
    name: 'a malformed value does not cost the whole answer',
    subgraphs: things,
    operation: '{ things { extra } other }',
    answers: { one: { data: { things: 'text', other: 1 } } },
    expected: {
      data: { things: null, other: 1 },
      valueCompletion: [{ message: 'Expected a list for field Query.things.', path: ['things'], extensions: { code: 'INVALID_GRAPHQL' } }],
    },
  },
];

describe.each(knownFaults)('$name', ({ name, subgraphs, operation, answers, expected }) => {
  const planned = planOver(subgraphs, operation);
  const ask: AskSubgraph = async (subgraph, { variables }) => {
    const answer = answers[subgraph];
    if (!answer) throw new Error(`${subgraph} is not asked.`);
    return structuredClone(typeof answer === 'function' ? answer(variables['representations']) : answer);
  };
  const answerOf = async (execute: Execute) => normalResult(await execute(planned, ask));
  const right = { errors: [], valueCompletion: [], ...expected };

  test('ours is right', async () => {
    expect(await answerOf(executeOurs({ generatesCode: true }))).toEqual(right);
    expect(await answerOf(executeOurs({ generatesCode: false }))).toEqual(right);
  });

  test('the stock executor is not, but for its correction', async () => {
    const stock = await answerOf(executeStock).catch(String);
    expect(stock).not.toEqual(right);
    expect(await answerOf(executeCorrectedStock)).toEqual(right);
  });

  test('is the name of a correction', () => {
    expect(corrections.map((correction) => correction.name)).toContain(name);
  });
});

test('every correction has a known fault', () => {
  const known = new Set(knownFaults.map(({ name }) => name));
  expect(corrections.filter(({ name }) => !known.has(name))).toEqual([]);
});

test('a correction of code that is not there is refused', () => {
  const gone = { name: 'gone', reason: '', file: 'resultShaping.js', edits: [{ from: 'no such code', to: '' }] };
  expect(() => correctedExecutor([gone])).toThrow('There is not exactly one place to correct: gone');
});
