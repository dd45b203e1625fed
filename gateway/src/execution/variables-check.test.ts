import * as fc from 'fast-check';
import { buildSchema, getVariableValues, Kind, parse, type VariableDefinitionNode } from 'graphql';
import { describe, expect, test } from 'vitest';
import { compileVariablesCheck } from './variables-check.ts';

const schema = buildSchema(`
  type Query { anything(id: ID, text: String, number: Float, flag: Boolean, color: Color, date: Date, point: Point): Int }
  enum Color { RED GREEN }
  scalar Date
  input Point { x: Int! }
`);

function definitionsOf(declared: string): readonly VariableDefinitionNode[] {
  const [operation] = parse(`query (${declared}) { anything }`).definitions;
  return operation?.kind === Kind.OPERATION_DEFINITION ? (operation.variableDefinitions ?? []) : [];
}

function isSurelyFit(declared: string, variables: Record<string, unknown>): boolean {
  return compileVariablesCheck(schema, definitionsOf(declared))(variables);
}

const types = ['ID', 'String', 'Int', 'Float', 'Boolean', 'Color', 'Date', 'Point', 'Query', 'Missing']
  .flatMap((type) => [type, `${type}!`])
  .flatMap((type) => [type, `[${type}]`, `[${type}]!`, `[[${type}]!]`]);

describe('variables', () => {
  test('pass only if graphql-js lets them pass', () => {
    const leaf = fc.oneof(
      fc.constantFrom<unknown>(null, undefined, 'RED', 'toString', 2 ** 31, -(2 ** 31), 2 ** 31 - 1, 0.5, NaN, Infinity, { x: 1 }),
      fc.jsonValue({ maxDepth: 1 }),
    );
    const holed = fc.constant(Object.assign([], { length: 1 }));
    const value = fc.oneof(leaf, holed, fc.array(leaf, { maxLength: 2 }), fc.array(fc.array(leaf, { maxLength: 2 }), { maxLength: 2 }));
    const variables = fc.oneof(fc.constant({}), fc.record({ v: value }));
    fc.assert(
      fc.property(fc.constantFrom(...types), fc.constantFrom('', ' = null'), variables, (type, defaultValue, given) => {
        const definitions = definitionsOf(`$v: ${type}${type.endsWith('!') ? '' : defaultValue}`);
        const passes = compileVariablesCheck(schema, definitions)(given);
        const { errors } = getVariableValues(schema, definitions, given);
        expect({ passes, errors }).not.toEqual({ passes: true, errors: expect.anything() });
      }),
      { numRuns: 2000 },
    );
  });

  test.each([
    ['$id: ID!', { id: '7' }],
    ['$id: ID!', { id: 7 }],
    ['$first: Int!, $after: String', { first: 20 }],
    ['$first: Int! = 10', {}],
    ['$ids: [ID!]!, $colors: [Color]', { ids: ['a', 'b'], colors: ['RED', null] }],
    ['$price: Float, $all: Boolean!', { price: 1.5, all: false, unused: {} }],
  ])('that most clients send pass: %s', (declared, given) => {
    expect(isSurelyFit(declared, given)).toBe(true);
  });

  test('are left to graphql-js where they are input objects, or a scalar of the schema’s own', () => {
    expect(isSurelyFit('$point: Point', { point: { x: 1 } })).toBe(false);
    expect(isSurelyFit('$date: Date', { date: '2026-01-01' })).toBe(false);
  });
});
