import type { QueryPlan } from '@apollo/query-planner';
import { buildSchema, getOperationAST, OperationTypeNode, parse } from 'graphql';
import { expect, test } from 'vitest';
import { makeExecutable, type ExecutableOperation } from './executable-operation.ts';
import type { VariantCache } from './variant-cache.ts';

const schema = buildSchema('type Query { a(of: [Int!]): ID b: ID }');

function executable(text: string, variants?: VariantCache): ExecutableOperation {
  const document = parse(text);
  const fetch = { kind: 'Fetch', serviceName: 'one', operation: text, operationKind: OperationTypeNode.QUERY } as const;
  const plan: QueryPlan = { kind: 'QueryPlan', node: { ...fetch, variableUsages: [], operationName: undefined } };
  const schemas = { api: schema, supergraph: schema };
  return makeExecutable({ plan, operation: { document, operation: getOperationAST(document)! }, schemas, ...(variants && { variants }) });
}

const fetch = async () => ({ data: { a: '1', b: '2' } });

test('of a list of wrong values, a client is told of some', async () => {
  const of = Array.from({ length: 100_000 }, () => 'no number');
  const { data, errors = [] } = await executable('query ($of: [Int!]) { a(of: $of) }').execute({ variables: { of }, fetch });
  expect(data).toBeUndefined();
  expect(errors).toHaveLength(51);
  expect(errors.at(-1)?.message).toMatch(/^Too many errors/);
});
