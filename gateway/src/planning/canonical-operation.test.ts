import * as fc from 'fast-check';
import { getOperationAST, parse, validate } from 'graphql';
import { describe, expect, test } from 'vitest';
import { operations } from '../../test/support/operation-generator.ts';
import { testApi } from '../../test/support/test-supergraph.ts';
import type { ValidOperation } from '../operation.ts';
import { canonicalText, parseCanonical } from './canonical-operation.ts';

function read(text: string, operationName?: string): ValidOperation {
  const document = parse(text);
  const operation = getOperationAST(document, operationName);
  if (!operation) throw new Error('There is no such operation.');
  return { document, operation };
}

const textOf = (text: string, operationName?: string) => canonicalText(read(text, operationName));

describe('the same text have operations that differ in', () => {
  test.each([
    ['layout, commas and comments', '{ me { id, name } } # who', 'query {\n  me {\n    id\n    name\n  }\n}'],
    ['descriptions', '"Asks." query A { me { id } }', 'query A { me { id } }'],
    [
      'the order of fragments',
      '{ me { ...A ...B } } fragment A on Person { id } fragment B on Person { name }',
      '{ me { ...A ...B } } fragment B on Person { name } fragment A on Person { id }',
    ],
    [
      'the names of fragments, those within fragments too',
      '{ me { ...A } } fragment A on Person { friends { ...B } } fragment B on Person { id }',
      '{ me { ...F1 } } fragment F0 on Person { id } fragment F1 on Person { friends { ...F0 } }',
    ],
    ['how a string is written', '{ greet(name: "Ada") }', '{ greet(name: """Ada""") }'],
  ])('%s', (_what, one, other) => {
    expect(textOf(one)).toBe(textOf(other));
  });

  test('other operations of the document, and their fragments', () => {
    const one = 'query A { me { ...X } } query B { people { ...Y } } fragment Y on Person { id } fragment X on Person { name }';
    expect(textOf(one, 'A')).toBe(textOf('query A { me { ...Z } } fragment Z on Person { name }'));
  });
});

describe('another text have operations that differ in', () => {
  test.each([
    ['the name of the operation', 'query A { me { id } }', 'query B { me { id } }'],
    ['a literal', '{ greet(name: "Ada") }', '{ greet(name: "Alan") }'],
    ['the default of a variable', 'query ($n: String = "a") { fail(code: $n) }', 'query ($n: String = "b") { fail(code: $n) }'],
    ['the name of a variable', 'query ($n: String) { fail(code: $n) }', 'query ($m: String) { fail(code: $m) }'],
    ['an alias', '{ a: me { id } }', '{ b: me { id } }'],
    ['the order of fields', '{ me { id name } }', '{ me { name id } }'],
    ['a directive', '{ me { id @include(if: true) } }', '{ me { id } }'],
    ['the content of a fragment', '{ me { ...A } } fragment A on Person { id }', '{ me { ...A } } fragment A on Person { name }'],
  ])('%s', (_what, one, other) => {
    expect(textOf(one)).not.toBe(textOf(other));
  });
});

test('a canonical text is a valid operation, and its own canonical text', () => {
  const { schema } = testApi();
  fc.assert(
    fc.property(operations(schema), (original) => {
      const text = textOf(original);
      const canonical = parseCanonical(text);
      expect(validate(schema, canonical.document)).toEqual([]);
      expect(canonicalText(canonical)).toBe(text);
    }),
    { numRuns: 100 },
  );
});
