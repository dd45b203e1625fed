import type { QueryPlanSelectionNode } from '@apollo/query-planner';
import { buildSchema, OperationTypeNode } from 'graphql';
import { describe, expect, test } from 'vitest';
import { ObjectTypes } from '../object-types.ts';
import { compileStep } from './compile-plan.ts';
import { findEntities, locateEntities } from './entities.ts';
import { mergeInto } from './merge.ts';
import { cursorAtRoot, startRun } from './plan-run.ts';
import { compileRepresentation, representAll } from './representations.ts';
import { compileRewrites } from './rewrites.ts';

const types = new ObjectTypes(
  buildSchema(
    'type Query { a: A } interface I { id: ID } interface J implements I { id: ID } type A implements I { id: ID } type B { id: ID } union U = A | B',
  ),
);

describe('merging', () => {
  test.each([
    ['objects by property', { a: { b: 1 } }, { a: { c: 2 } }, { a: { b: 1, c: 2 } }],
    [
      'lists of one length by index',
      { a: [{ b: 1 }, { b: 2 }] },
      { a: [{ c: 1 }, { c: 2 }] },
      {
        a: [
          { b: 1, c: 1 },
          { b: 2, c: 2 },
        ],
      },
    ],
    ['lists of other lengths not at all', { a: [{ b: 1 }] }, { a: [] }, { a: [] }],
    ['a null over a value', { a: { b: 1 } }, { a: null }, { a: null }],
    ['a value over a null', { a: null }, { a: { b: 1 } }, { a: { b: 1 } }],
  ])('%s', (_, target, source, merged) => {
    mergeInto(target, source);
    expect(target).toEqual(merged);
  });

  test('never touches a prototype', () => {
    const target = {};
    mergeInto(target, JSON.parse('{ "__proto__": { "polluted": true }, "constructor": { "x": 1 } }'));
    mergeInto(target, JSON.parse('{ "__proto__": { "more": true } }'));
    expect(JSON.stringify(target)).toBe('{"__proto__":{"polluted":true,"more":true},"constructor":{"x":1}}');
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });
});

describe('entities at a path', () => {
  const data = { a: [{ b: { id: 1 } }, null, { b: null }, { b: { id: 2 } }], lists: [[{ id: 3 }], null, [null, { id: 4 }]] };
  test.each([
    [
      ['a', '@', 'b'],
      [1, 2],
      [
        ['a', 0, 'b'],
        ['a', 3, 'b'],
      ],
    ],
    [
      ['lists', '@', '@'],
      [3, 4],
      [
        ['lists', 0, 0],
        ['lists', 2, 1],
      ],
    ],
    [['a', 'b'], [], []],
    [['nothing', '@'], [], []],
  ])('%j', (path, ids, locations) => {
    expect(findEntities(data, path).map(({ id }) => id)).toEqual(ids);
    expect(locateEntities(data, path, findEntities(data, path))).toEqual(locations);
  });

  test('are where they are: one that is gone does not give its place to the next', () => {
    const before: { list: unknown[] } = { list: [{ id: 1 }, { id: 2 }] };
    const entities = findEntities(before, ['list', '@']);
    before.list[0] = null;
    expect(locateEntities(before, ['list', '@'], entities)).toEqual([undefined, ['list', 1]]);
  });

  test('are where they are: one object in several places is in each of them', () => {
    const same = { id: 1 };
    const root = { list: [same, { id: 2 }, same] };
    expect(locateEntities(root, ['list', '@'], findEntities(root, ['list', '@']))).toEqual([0, 1, 2].map((index) => ['list', index]));
  });
});

const field = (name: string): QueryPlanSelectionNode => ({ kind: 'Field', name });
const on = (typeCondition: string, ...selections: QueryPlanSelectionNode[]): QueryPlanSelectionNode => {
  return { kind: 'InlineFragment', typeCondition, selections };
};

describe('representations', () => {
  const represent = compileRepresentation([on('A', field('__typename'), field('id')), on('I', field('name'))], types);

  test('hold what is required of the type, as far as it is all there', () => {
    expect(represent({ __typename: 'A', id: 1, name: 'n', more: true })).toEqual({ __typename: 'A', id: 1, name: 'n' });
    expect(represent({ __typename: 'A', name: 'n' })).toEqual({ name: 'n' });
    expect(represent({ __typename: 'J', name: 'n' })).toEqual({ name: 'n' });
    expect(represent({ __typename: 'B', id: 1, name: 'n' })).toEqual({});
  });

  test('are sent once for equal entities, and not for those without', () => {
    const entities = [
      { __typename: 'A', id: 1 },
      { __typename: 'A', id: '1' },
      { __typename: 'B', id: 1 },
      { __typename: 'A', id: 1 },
      { __typename: 'A' },
    ];
    const onlyKey = compileRepresentation([on('A', field('__typename'), field('id'))], types);
    expect(representAll(entities, onlyKey)).toEqual({
      values: [
        { __typename: 'A', id: 1 },
        { __typename: 'A', id: '1' },
      ],
      entities: [[0, 3], [1]],
    });
  });
});

test('the entities of a fetch are located once, however many errors ask where they are', async () => {
  const list = [1, 2, 3].map((id) => ({ __typename: 'A', id }));
  let walks = 0;
  const entries = () => {
    walks += 1;
    return Array.prototype.entries.call(list);
  };
  Object.defineProperty(list, 'entries', { value: entries });
  const errors = list.map((_, index) => ({ message: 'no', path: ['_entities', index, 'name'] }));
  const run = startRun({ variables: {}, fetch: async () => ({ data: { _entities: list.map(() => null) }, errors }) });
  run.data['list'] = list;
  const fetch = {
    kind: 'Fetch',
    serviceName: 's',
    operation: '',
    operationKind: OperationTypeNode.QUERY,
    operationName: undefined,
  } as const;
  const node = { ...fetch, variableUsages: [], requires: [on('A', field('__typename'), field('id'))] };
  await compileStep({ kind: 'Flatten', path: ['list', '@'], node }, types, new Map())(run, cursorAtRoot(run));
  expect(run.errors.map(({ path }) => path)).toEqual(list.map((_, index) => ['list', index, 'name']));
  expect(walks).toBe(1);
});

describe('rewrites', () => {
  test('set values for objects of a type', () => {
    const rewrite = compileRewrites([{ kind: 'ValueSetter', path: ['... on I', '__typename'], setValueTo: 'I' }], types);
    const objects = [{ __typename: 'A' }, { __typename: 'B' }, {}];
    rewrite?.(objects);
    expect(objects).toEqual([{ __typename: 'I' }, { __typename: 'B' }, { __typename: 'I' }]);
  });

  test('rename keys below lists, whatever their value is', () => {
    const rewrite = compileRewrites([{ kind: 'KeyRenamer', path: ['list', 'x'], renameKeyTo: 'y' }], types);
    const object = { list: [{ x: 0 }, { x: 'v', z: 1 }, { x: null }, null] };
    rewrite?.(object);
    expect(object).toEqual({ list: [{ y: 0 }, { y: 'v', z: 1 }, { x: null }, null] });
  });

  test('put together what was asked for under several keys', () => {
    const renames = ['x_0', 'x_1'].map((key) => ({ kind: 'KeyRenamer' as const, path: [key], renameKeyTo: 'x' }));
    const rewrite = compileRewrites(renames, types);
    const object = { x_0: [{ a: 1 }, null], x_1: [{ b: 2 }, null] };
    rewrite?.(object);
    expect(object).toEqual({ x: [{ a: 1, b: 2 }, null] });
  });
});
