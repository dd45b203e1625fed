import { getOperationAST, GraphQLError, parse } from 'graphql';
import { expect, test } from 'vitest';
import { conditionsKey, ConditionVariables, type ConditionValues } from './conditions.ts';

function read(text: string, variables: Record<string, unknown>): ConditionValues {
  const values = conditionsOf(text).read(variables);
  if (values instanceof GraphQLError) throw values;
  return values;
}

function conditionsOf(text: string): ConditionVariables {
  const document = parse(text);
  const operation = getOperationAST(document);
  if (!operation) throw new Error('There is no operation.');
  return new ConditionVariables({ document, operation });
}

const text =
  'query ($a: Boolean!, $b: Boolean = true, $c: Boolean) { x @skip(if: $a) ...F y(z: $c) } fragment F on Q { w @include(if: $b) }';

test('are the variables that decide on fields, with their defaults', () => {
  expect([...read(text, { a: false, c: 'no condition' })]).toEqual([
    ['a', false],
    ['b', true],
  ]);
});

test.each([[{}], [{ a: null }], [{ a: 'true' }], [{ a: true, b: null }]])('that are no Booleans are refused: %j', (variables) => {
  expect(conditionsOf(text).read(variables)).toMatchObject({ extensions: { code: 'BAD_USER_INPUT' } });
});

test('have a key for each combination', () => {
  const keys = [true, false].flatMap((a) => [true, false].map((b) => conditionsKey(read(text, { a, b }))));
  expect(new Set(keys).size).toBe(4);
});
