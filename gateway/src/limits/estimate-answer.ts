import {
  getNamedType,
  getNullableType,
  isCompositeType,
  isListType,
  isUnionType,
  Kind,
  type ArgumentNode,
  type FieldNode,
  type GraphQLCompositeType,
  type GraphQLField,
  type GraphQLSchema,
  type SelectionSetNode,
  type ValueNode,
} from 'graphql';
import { fragmentsOf, type Fragments, type ValidOperation } from '../operation.ts';

/** Rows of a page whose size is not given, as subgraphs have it. */
const defaultPageSize = 20;

/** Items that a list without pages is taken to have. */
const assumedListLength = 10;

/** The arguments that say how long a page is (GraphQL Cursor Connections Specification §4). */
export const pageSizeArguments: ReadonlySet<string> = new Set(['first', 'last']);

/** A request's variables, as they came. */
export type RawVariables = Readonly<Record<string, unknown>>;

/**
 * How many values an answer holds if every page is full: each field is one, for every object that it is asked of. A list has as many
 * items as its page, by `first` or `last` of its own field or of the connection that it belongs to.
 */
export function estimateAnswer({ document, operation }: ValidOperation, schema: GraphQLSchema, variables: RawVariables): number {
  const root = schema.getRootType(operation.operation);
  if (!root) return 0;
  const defaults = (operation.variableDefinitions ?? []).flatMap(({ variable, defaultValue }) => {
    return defaultValue?.kind === Kind.INT ? [[variable.name.value, Number(defaultValue.value)] as const] : [];
  });
  const walk = { schema, fragments: fragmentsOf(document), variables: { ...Object.fromEntries(defaults), ...variables } };
  return valuesOf(walk, operation.selectionSet, root, null);
}

interface Walk {
  readonly schema: GraphQLSchema;
  readonly fragments: Fragments;
  readonly variables: RawVariables;
}

/** Unfolds fragments, whose number is limited before this runs. `pageSize` is that of the connection that is selected from, if it is one. */
function valuesOf(walk: Walk, { selections }: SelectionSetNode, parent: GraphQLCompositeType, pageSize: number | null): number {
  let values = 0;
  for (const selection of selections) {
    if (selection.kind === Kind.FIELD) {
      values += valuesOfField(walk, selection, parent, pageSize);
      continue;
    }
    const fragment = selection.kind === Kind.FRAGMENT_SPREAD ? walk.fragments.get(selection.name.value) : selection;
    if (fragment)
      values += valuesOf(walk, fragment.selectionSet, conditionOf(walk, fragment.typeCondition?.name.value) ?? parent, pageSize);
  }
  return values;
}

function valuesOfField(walk: Walk, node: FieldNode, parent: GraphQLCompositeType, pageSize: number | null): number {
  const field = isUnionType(parent) ? undefined : parent.getFields()[node.name.value];
  if (!field) return 1;
  const ownPageSize = readPageSize(walk, node, field);
  const isList = isListType(getNullableType(field.type));
  const length = isList ? (ownPageSize ?? pageSize ?? assumedListLength) : 1;
  const type = getNamedType(field.type);
  if (!node.selectionSet || !isCompositeType(type)) return length;
  return 1 + length * valuesOf(walk, node.selectionSet, type, isList ? null : ownPageSize);
}

/** Null for a field that has no pages. */
function readPageSize(walk: Walk, { arguments: given = [] }: FieldNode, { args }: GraphQLField<unknown, unknown>): number | null {
  if (!args.some(({ name }) => pageSizeArguments.has(name))) return null;
  const sizes = given.filter(({ name }) => pageSizeArguments.has(name.value)).flatMap((argument) => readInt(walk, argument));
  return sizes.length > 0 ? Math.max(...sizes) : defaultPageSize;
}

/** What is no number yet is refused for its type, or stands for null. */
function readInt({ variables }: Walk, { value }: ArgumentNode): number[] {
  const given = value.kind === Kind.VARIABLE ? variables[value.name.value] : literalInt(value);
  return typeof given === 'number' && Number.isFinite(given) ? [Math.max(given, 0)] : [];
}

function literalInt(value: ValueNode): number | null {
  return value.kind === Kind.INT ? Number(value.value) : null;
}

function conditionOf({ schema }: Walk, name: string | undefined): GraphQLCompositeType | undefined {
  const type = name === undefined ? undefined : schema.getType(name);
  return isCompositeType(type) ? type : undefined;
}
