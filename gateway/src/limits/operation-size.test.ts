import { getOperationAST, parse } from 'graphql';
import { describe, expect, test } from 'vitest';
import { OperationTooComplexError } from '../errors.ts';
import { createSizeCheck } from './operation-size.ts';

const check = createSizeCheck({ depth: 3, selections: 8 });

function checkText(text: string): void {
  const document = parse(text);
  check({ document, operation: getOperationAST(document)! });
}

describe('the size of an operation', () => {
  test.each([
    ['{ a { b { c } } }'],
    ['{ a b c d e f g h }'],
    ['{ a { ...F } } fragment F on T { b { c } }'],
    ['{ __schema { types { fields { type { ofType { ofType { name } } } } } } }'],
    ['{ a __typename b { __typename } }'],
  ])('%s is within its limits', (text) => expect(() => checkText(text)).not.toThrow());

  test.each([
    ['{ a { b { c { d } } } }', 'The operation is 4 fields deep; 3 are allowed. Ask for less at once.'],
    ['{ a { ...F } } fragment F on T { b { ... on T { c { d } } } }', 'is 4 fields deep'],
    ['{ a b c d e f g h i }', 'The operation has 9 fields and fragments; 8 are allowed. Ask for less at once.'],
    ['{ one: a { ...F } two: a { ...F } } fragment F on T { b c d }', 'has 10 fields and fragments'],
    ['{ a { ... on T { ... on T { ... on T { ... on T { ... on T { ... on T { b } } } } } } c } }', 'has 9 fields and fragments'],
  ])('%s is beyond them', (text, message) => {
    expect(() => checkText(text)).toThrow(OperationTooComplexError);
    expect(() => checkText(text)).toThrow(message);
  });

  // The planner unfolds them all, whatever is in the last of them.
  test.each(['a', '__typename'])('is measured in no time, however fragments of %s multiply', (leaf) => {
    const doubling = Array.from({ length: 80 }, (_, index) => `fragment F${index} on T { ...F${index + 1} ...F${index + 1} }`);
    expect(() => checkText(`{ ...F0 } ${doubling.join(' ')} fragment F80 on T { ${leaf} }`)).toThrow('8 are allowed');
  });
});
