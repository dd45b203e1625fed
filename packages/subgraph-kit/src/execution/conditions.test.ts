import { parse } from 'graphql';
import { expect, it } from 'vitest';
import { conditionsOf } from './conditions.ts';

it('finds the variables that decide which fields are selected, wherever they do', () => {
  const document = parse(`
    query ($a: Boolean!, $b: Boolean!, $c: Boolean!, $d: Boolean!, $no: Int) {
      thing @skip(if: $a) { parts(first: $no) { ... @include(if: $b) { id @skip(if: true) } } ...F @other(if: $no) @skip(if: $c) }
    }
    fragment F on Thing { id @include(if: $d) @skip(if: $a) }
  `);
  expect(new Set(conditionsOf(document))).toEqual(new Set(['a', 'b', 'c', 'd']));
});

it('finds none in a document without any', () => {
  expect(conditionsOf(parse('{ thing { id } }'))).toEqual([]);
});

it.each(['{ __proto__: thing { id } }', '{ thing { ...F } } fragment F on Thing { __proto__: id }'])('refuses %s', (query) => {
  expect(conditionsOf(parse(query))).toBeNull();
});
