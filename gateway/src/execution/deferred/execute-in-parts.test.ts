import { operationFromDocument, Supergraph } from '@apollo/federation-internals';
import { QueryPlanner } from '@apollo/query-planner';
import { getOperationAST, parse } from 'graphql';
import { expect, test } from 'vitest';
import { ruledTestSupergraph } from '../../../test/support/test-supergraph.ts';
import type { SubgraphOperation, SubgraphResult } from '../../transports/subgraph-transport.ts';
import { makeExecutable } from '../executable-operation.ts';
import type { DeferredResult } from './deferred-results.ts';

const supergraph = Supergraph.build(ruledTestSupergraph().supergraphSdl);
const planner = new QueryPlanner(supergraph, { incrementalDelivery: { enableDefer: true } });
const schemas = {
  api: supergraph.apiSchema().toGraphQLJSSchema({ includeDefer: true }),
  supergraph: supergraph.schema.toGraphQLJSSchema(),
};

type Answer = (operation: SubgraphOperation) => SubgraphResult;

async function execute(query: string, answers: Record<string, Answer>) {
  const document = parse(query);
  const plan = planner.buildQueryPlan(operationFromDocument(supergraph.apiSchema(), document));
  const executable = makeExecutable({ plan, operation: { document, operation: getOperationAST(document)! }, schemas });
  const fetch = async (subgraph: string, operation: SubgraphOperation) => answers[subgraph]!(operation);
  const { initial, subsequent } = (await executable.executeInParts({ variables: {}, fetch }))!;
  const later: DeferredResult[] = [];
  for await (const results of subsequent) later.push(...results);
  return { initial, later };
}

const person = (id: string, name: string | null) => ({ __typename: 'Person', id, name });

test('nothing comes of an object that a null of the first part has taken away', async () => {
  const { initial, later } = await execute('{ me { name ... @defer { books { title } } } greet(name: "you") }', {
    people: () => ({ data: { me: person('ada', null), greet: 'Hello!' } }),
    library: () => ({ data: { _entities: [{ books: [] }] } }),
  });
  expect(initial).toMatchObject({ data: { me: null, greet: 'Hello!' }, errors: [{ path: ['me', 'name'] }] });
  expect(later).toEqual([]);
});

test('each of many errors comes with the object that it is in', async () => {
  const ids = Array.from({ length: 300 }, (_, index) => String(index));
  const { later } = await execute('{ people { name ... @defer { overdue } } }', {
    people: () => ({ data: { people: ids.map((id) => person(id, id)) } }),
    library: () => ({
      data: { _entities: ids.map(() => null) },
      errors: ids.map((id, index) => ({ message: `Error of ${id}`, path: ['_entities', index, 'overdue'] })),
    }),
  });
  expect(later.map(({ path, data, errors }) => ({ path, data, errors: errors?.map(({ message }) => message) }))).toEqual(
    ids.map((id, index) => ({ path: ['people', index], data: { overdue: null }, errors: [`Error of ${id}`] })),
  );
});
