import { buildSchema, getOperationAST, parse, validate } from 'graphql';
import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../json.ts';
import { buildShape } from './build-shape.ts';
import { compileShape } from './compile-shape.ts';
import { completeResponse } from './complete.ts';

const schema = buildSchema(`
  type Query { me: Person node: Node hits: [Hit!] grid: [[Int!]] people: [Person!]! json: JSON strict: Person! constructor: String }
  interface Node { id: ID! }
  type Person implements Node { id: ID! name: String! age: Int height: Float isAdmin: Boolean level: Level friend: Person }
  type Note implements Node { id: ID! title: String }
  union Hit = Person | Note
  enum Level { JUNIOR SENIOR }
  scalar JSON
`);

interface Outcome {
  data: unknown;
  errors: { path: unknown; message: string }[];
}

/** Both ways of shaping; they have to agree wherever the generated code gives an answer. */
function shape(text: string, data: JsonObject, conditions = new Map<string, boolean>()): Outcome & { isFast: boolean } {
  const document = parse(text);
  expect(validate(schema, document)).toEqual([]);
  const operation = getOperationAST(document);
  if (!operation) throw new Error('There is no operation.');
  const responseShape = buildShape({ document, operation }, schema, conditions);
  const generated = compileShape(responseShape);
  if (!generated) throw new Error('No code was generated.');
  const fast = generated(data, {});
  const slow = completeResponse(responseShape, data, {});
  expect(fast ?? slow.data).toEqual(slow.data);
  return { data: slow.data, errors: slow.errors.map(({ path, message }) => ({ path, message })), isFast: fast !== null };
}

describe('what is taken out of the answers', () => {
  test.each<[text: string, input: JsonObject, output: unknown]>([
    ['{ me { name } }', { me: { id: '1', name: 'Ada', __typename: 'Person' }, other: 1 }, { me: { name: 'Ada' } }],
    ['{ me { a: name b: name } }', { me: { a: 'Ada', b: 'Ada' } }, { me: { a: 'Ada', b: 'Ada' } }],
    ['{ me { name } me { age } }', { me: { name: 'Ada', age: 36 } }, { me: { name: 'Ada', age: 36 } }],
    [
      '{ me { age height isAdmin level } }',
      { me: { age: null, level: 'JUNIOR' } },
      { me: { age: null, height: null, isAdmin: null, level: 'JUNIOR' } },
    ],
    ['{ me { height } }', { me: { height: 1 } }, { me: { height: 1 } }],
    ['{ me { id } node { id } }', { me: { id: 7 }, node: { __typename: 'Note', id: 'n' } }, { me: { id: 7 }, node: { id: 'n' } }],
    [
      '{ hits { __typename ... on Person { name } ... on Note { title } ... on Node { id } } }',
      {
        hits: [
          { __typename: 'Person', name: 'Ada', id: '1' },
          { __typename: 'Note', title: null, id: '2' },
        ],
      },
      {
        hits: [
          { __typename: 'Person', name: 'Ada', id: '1' },
          { __typename: 'Note', title: null, id: '2' },
        ],
      },
    ],
    ['{ t: __typename me { kind: __typename } }', { me: {} }, { t: 'Query', me: { kind: 'Person' } }],
    ['{ grid json }', { grid: [[1, 2], null, []], json: { any: ['thing'] } }, { grid: [[1, 2], null, []], json: { any: ['thing'] } }],
    [
      'query { ...F me { ...G } } fragment F on Query { me { ...G } } fragment G on Person { name }',
      { me: { name: 'Ada' } },
      { me: { name: 'Ada' } },
    ],
    ['{ constructor toString: json }', {}, { constructor: null, toString: null }],
    [
      '{ constructor __proto__: json }',
      JSON.parse('{ "constructor": "a", "__proto__": { "b": 1 } }'),
      JSON.parse('{ "constructor": "a", "__proto__": { "b": 1 } }'),
    ],
  ])('%s', (text, input, output) => {
    expect(shape(text, input)).toEqual({ data: output, errors: [], isFast: true });
  });

  test('@skip and @include', () => {
    const text = 'query ($x: Boolean!) { me { name @include(if: $x) age @skip(if: $x) ... @include(if: false) { id } } }';
    const me = { name: 'Ada', age: 36, id: '1' };
    expect(shape(text, { me }, new Map([['x', true]])).data).toEqual({ me: { name: 'Ada' } });
    expect(shape(text, { me }, new Map([['x', false]])).data).toEqual({ me: { age: 36 } });
  });
});

test('an object that does not say its type is of the type by which its holder knows it, whatever an interface says', () => {
  const works = buildSchema(`
    type Query { work: Work }
    interface Work { sequel: Work sequels: [Work!] }
    type Book implements Work { title: String sequel: Book sequels: [Book!]! }
    type Film implements Work { minutes: Int sequel: Work sequels: [Film!] }
  `);
  const shapeWork = (text: string, sequel: JsonObject) => {
    const document = parse(text);
    const responseShape = buildShape({ document, operation: getOperationAST(document)! }, works, new Map());
    const data = { work: { __typename: 'Book', sequel, sequels: [sequel] } };
    const completion = completeResponse(responseShape, data, {});
    expect({ data: compileShape(responseShape)?.(data, {}), errors: completion.errors }).toEqual({ data: completion.data, errors: [] });
    return completion.data?.['work'];
  };
  const untyped = { title: 'Two' };
  expect(shapeWork('{ work { sequel { ... on Book { title } } } }', untyped)).toEqual({ sequel: untyped });
  expect(shapeWork('{ work { sequels { ... on Work { ... on Book { title } } ... on Film { minutes } } } }', untyped)).toEqual({
    sequels: [untyped],
  });
  expect(shapeWork('{ work { sequel { __typename } ... on Book { sequel { title } } } }', untyped)).toEqual({
    sequel: { __typename: 'Book', ...untyped },
  });
  expect(
    shapeWork('{ work { ... on Book { sequel { title } } sequel { ... on Film { minutes } } } }', { __typename: 'Book', ...untyped }),
  ).toEqual({
    sequel: untyped,
  });
});

const cannotBeNull = (path: unknown[], place: string) => ({ path, message: `Cannot return null for non-nullable ${place}.` });

describe('what the schema forbids', () => {
  test.each<[name: string, text: string, input: JsonObject, output: unknown, errors: unknown[]]>([
    [
      'a null makes its object null',
      '{ me { name } }',
      { me: { name: null } },
      { me: null },
      [cannotBeNull(['me', 'name'], 'field Person.name')],
    ],
    [
      'a null goes up as far as it must',
      '{ strict { name } }',
      { strict: {} },
      null,
      [cannotBeNull(['strict', 'name'], 'field Person.name')],
    ],
    [
      'a null item makes its list null',
      '{ hits { __typename } }',
      { hits: [null] },
      { hits: null },
      [cannotBeNull(['hits', 0], 'array element of type Hit at index 0')],
    ],
    [
      'every item of a list is told of',
      '{ grid }',
      { grid: [[null], [1], [1.5]] },
      { grid: [null, [1], null] },
      [
        cannotBeNull(['grid', 0, 0], 'array element of type Int at index 0'),
        { path: ['grid', 2, 0], message: 'Invalid value found for array element of type Int at index 0.' },
      ],
    ],
    [
      'a value of another type',
      '{ me { age } }',
      { me: { age: '36' } },
      { me: { age: null } },
      [{ path: ['me', 'age'], message: 'Invalid value found for field Person.age.' }],
    ],
    [
      'a value that is no longer in the enum',
      '{ me { level } }',
      { me: { level: 'CHIEF' } },
      { me: { level: null } },
      [{ path: ['me', 'level'], message: 'Invalid value found for field Person.level.' }],
    ],
    [
      'a type that clients do not know',
      '{ node { id } }',
      { node: { __typename: 'Secret', id: '1' } },
      { node: null },
      [{ path: ['node'], message: 'Invalid __typename found for object at field Query.node.' }],
    ],
    [
      'an object of another type than possible',
      '{ hits { __typename } }',
      { hits: [{ __typename: 'Query' }] },
      { hits: null },
      [{ path: ['hits', 0], message: 'Invalid __typename found for object at array element of type Hit at index 0.' }],
    ],
    [
      'a list where there is none',
      '{ me { name } }',
      { me: [] },
      { me: null },
      [{ path: ['me'], message: 'Expected an object for field Query.me.' }],
    ],
    [
      'no list where there is one',
      '{ hits { __typename } }',
      { hits: {} },
      { hits: null },
      [{ path: ['hits'], message: 'Expected a list for field Query.hits.' }],
    ],
  ])('%s', (_, text, input, data, errors) => {
    expect(shape(text, input)).toEqual({ data, errors, isFast: false });
  });
});

describe('objects of many types within one another', () => {
  const names = Array.from({ length: 30 }, (_, index) => `T${index}`);
  const types = names.map((name) => `type ${name} implements Link { id: ID! next: Link }`);
  const links = buildSchema(`type Query { link: Link } interface Link { id: ID! next: Link } ${types.join(' ')}`);
  const levels = 14;
  const shapeOf = (selections: string) => {
    const document = parse(`{ link ${`{ ${selections} `.repeat(levels)}{ id } ${'}'.repeat(levels)} }`);
    return buildShape({ document, operation: getOperationAST(document)! }, links, new Map());
  };
  const data = { link: linked(levels, { __typename: 'T7', id: 'end', id7: 'end' }) };

  test('cost what is asked of them, where that is the same for all', () => {
    const linkShape = shapeOf('next');
    expect(compileShape(linkShape)?.(data, {})).toEqual(completeResponse(linkShape, data, {}).data);
  });

  test('cost what comes of them, where that differs', () => {
    const linkShape = shapeOf(`${names.map((name, index) => `... on ${name} { next { id${index}: id } }`).join(' ')} next`);
    expect(compileShape(linkShape)).toBeNull();
    expect(completeResponse(linkShape, data, {}).errors).toEqual([]);
  });
});

function linked(levels: number, end: JsonObject): JsonObject {
  return levels === 0 ? end : { __typename: 'T7', id7: 'between', next: linked(levels - 1, end) };
}

test('a shape that is out of proportion is followed, not compiled', () => {
  const fields = Array.from({ length: 5001 }, (_, index) => `a${index}: name`).join(' ');
  const document = parse(`{ me { ${fields} } }`);
  const operation = getOperationAST(document)!;
  expect(compileShape(buildShape({ document, operation }, schema, new Map()))).toBeNull();
});
