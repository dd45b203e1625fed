/** Executes an operation, and prints its result, or that this process may generate code after all. */
import { buildSchema, getOperationAST, OperationTypeNode, parse } from 'graphql';
import { makeExecutable } from '../../src/execution/executable-operation.ts';

const schema = buildSchema('type Query { people: [Person!]! } type Person { id: ID! name: String }');
const document = parse('{ people { name } }');
const operation = getOperationAST(document);
if (!operation) throw new Error('There is no operation.');
const executable = makeExecutable({
  plan: {
    kind: 'QueryPlan',
    node: {
      kind: 'Fetch',
      serviceName: 'people',
      operation: '{people{id name}}',
      operationName: undefined,
      operationKind: OperationTypeNode.QUERY,
    },
  },
  operation: { document, operation },
  schemas: { api: schema, supergraph: schema },
});
const data = { people: [{ id: '1', name: 'Ada' }, { id: '2' }] };
const result = await executable.execute({ variables: {}, fetch: async () => ({ data }) });
console.log(mayGenerateCode() ? 'This process may generate code.' : JSON.stringify(result));

function mayGenerateCode(): boolean {
  try {
    // oxlint-disable-next-line no-implied-eval, no-new-func -- whether it is refused is the question
    return Boolean(new Function('return true')());
  } catch (error) {
    if (error instanceof EvalError) return false;
    throw error;
  }
}
