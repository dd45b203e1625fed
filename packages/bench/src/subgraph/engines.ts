import { CompiledOperation } from '@tenantry/subgraph-kit';
import { execute, Kind, type DocumentNode, type ExecutionResult, type GraphQLSchema, type OperationDefinitionNode } from 'graphql';
import { compileQuery, isCompiledQuery } from 'graphql-jit';

type Execute = (context: unknown, variables: Record<string, unknown>) => ExecutionResult | PromiseLike<ExecutionResult>;

/** Makes a document that has been validated executable. */
type Prepare = (schema: GraphQLSchema, document: DocumentNode) => Execute;

export const engineNames = ['tenantry', 'graphql-js', 'graphql-jit'] as const;

export type EngineName = (typeof engineNames)[number];

export const engines: Readonly<Record<EngineName, Prepare>> = {
  tenantry: (schema, document) => {
    const compiled = new CompiledOperation(schema, document, operationOf(document));
    return (context, variables) => compiled.execute({ context, variables });
  },
  'graphql-js': (schema, document) => (contextValue, variableValues) => execute({ schema, document, contextValue, variableValues }),
  'graphql-jit': (schema, document) => {
    const compiled = compileQuery(schema, document);
    if (!isCompiledQuery(compiled)) throw new AggregateError(compiled.errors ?? [], 'graphql-jit does not compile the operation.');
    return (context, variables) => compiled.query(undefined, context, variables);
  },
};

function operationOf({ definitions }: DocumentNode): OperationDefinitionNode {
  const operation = definitions.find((definition) => definition.kind === Kind.OPERATION_DEFINITION);
  if (!operation) throw new TypeError('The document has no operation.');
  return operation;
}
