import { executeSync, Kind, type DocumentNode, type FieldNode, type GraphQLSchema } from 'graphql';
import { fragmentsOf, type ValidOperation } from '../operation.ts';
import type { ConditionValues } from './conditions.ts';
import { collectFields, type CollectedField } from './shape/collect-fields.ts';
import type { IntrospectionData } from './shape/complete.ts';

export type AnswerIntrospection = (variables: Readonly<Record<string, unknown>>) => IntrospectionData;

const nothingAsked: AnswerIntrospection = () => ({});

/** Makes the function that answers an operation's `__schema` and `__type`, which no subgraph is asked for. */
export function compileIntrospection(operation: ValidOperation, schema: GraphQLSchema, conditions: ConditionValues): AnswerIntrospection {
  const fields = introspectionFields(operation, schema, conditions);
  if (fields.length === 0) return nothingAsked;
  const document = onlyFields(fields, operation);
  return (variables) => {
    const { data, errors } = executeSync({ schema, document, variableValues: variables });
    if (errors?.[0]) throw errors[0];
    return data ?? {};
  };
}

/** Whether an operation asks for anything that the gateway does not answer itself. */
export function asksSubgraphs(operation: ValidOperation, schema: GraphQLSchema, conditions: ConditionValues): boolean {
  return rootFields(operation, schema, conditions).some(({ node }) => !node.name.value.startsWith('__'));
}

function introspectionFields(operation: ValidOperation, schema: GraphQLSchema, conditions: ConditionValues): FieldNode[] {
  const fields = rootFields(operation, schema, conditions);
  return fields.filter(({ node }) => node.name.value === '__schema' || node.name.value === '__type').map(mergeNodes);
}

function rootFields({ document, operation }: ValidOperation, schema: GraphQLSchema, conditions: ConditionValues): CollectedField[] {
  const root = schema.getRootType(operation.operation);
  if (!root) return [];
  const selections = [{ selectionSet: operation.selectionSet, parent: root }];
  return [...collectFields({ schema, fragments: fragmentsOf(document), conditions }, root, selections).values()];
}

function mergeNodes({ node, selections }: CollectedField): FieldNode {
  return {
    ...node,
    selectionSet: { kind: Kind.SELECTION_SET, selections: selections.flatMap(({ selectionSet }) => selectionSet.selections) },
  };
}

function onlyFields(selections: readonly FieldNode[], { document, operation }: ValidOperation): DocumentNode {
  const fragments = document.definitions.filter((definition) => definition.kind === Kind.FRAGMENT_DEFINITION);
  return {
    kind: Kind.DOCUMENT,
    definitions: [{ ...operation, directives: [], selectionSet: { kind: Kind.SELECTION_SET, selections } }, ...fragments],
  };
}
