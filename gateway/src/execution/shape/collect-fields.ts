import {
  getNamedType,
  isAbstractType,
  isCompositeType,
  isUnionType,
  Kind,
  SchemaMetaFieldDef,
  TypeMetaFieldDef,
  type FieldNode,
  type GraphQLCompositeType,
  type GraphQLField,
  type GraphQLSchema,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';
import type { Fragments } from '../../operation.ts';
import type { ConditionValues } from '../conditions.ts';

/** Selections, and the type that they are written against. */
export interface TypedSelections {
  readonly selectionSet: SelectionSetNode;
  readonly parent: GraphQLCompositeType;
}

/** All nodes that ask for one field of a response, in the order of the document. */
export interface CollectedField {
  readonly node: FieldNode;
  /** The type that the first of the nodes is written against. */
  readonly parent: GraphQLCompositeType;
  /** For messages: the object's own type, or the condition of the fragment that the first of the nodes is in. */
  readonly parentName: string;
  /** Of all the nodes: two of them may be written against types that know the field's value by types of their own. */
  readonly selections: readonly TypedSelections[];
}

export interface FieldCollector {
  readonly schema: GraphQLSchema;
  readonly fragments: Fragments;
  readonly conditions: ConditionValues;
}

/** What selections ask of an object of `type`, by response name (GraphQL §6.3.2), with `@skip` and `@include` decided. */
export function collectFields(
  collector: FieldCollector,
  type: GraphQLCompositeType,
  selections: readonly TypedSelections[],
): ReadonlyMap<string, CollectedField> {
  const fields = new Map<string, Mutable<CollectedField>>();
  const visited = new Set<string>();
  for (const { selectionSet, parent } of selections) visit(selectionSet, parent, type.name);
  return fields;

  function visit(selectionSet: SelectionSetNode, parent: GraphQLCompositeType, parentName: string): void {
    for (const selection of selectionSet.selections) {
      if (isSkipped(selection, collector.conditions)) continue;
      if (selection.kind === Kind.FIELD) add(selection, parent, parentName);
      else visitFragment(selection, parent, parentName);
    }
  }
  function visitFragment(selection: Exclude<SelectionNode, FieldNode>, parent: GraphQLCompositeType, parentName: string): void {
    const isSpread = selection.kind === Kind.FRAGMENT_SPREAD;
    if (isSpread && visited.has(selection.name.value)) return;
    const fragment = isSpread ? collector.fragments.get(selection.name.value) : selection;
    if (!fragment) return;
    if (isSpread) visited.add(selection.name.value);
    const conditionName = fragment.typeCondition?.name.value;
    const condition = conditionName === undefined ? parent : compositeType(collector.schema, conditionName);
    if (condition && applies(collector.schema, condition, type)) visit(fragment.selectionSet, condition, conditionName ?? parentName);
  }
  function add(node: FieldNode, parent: GraphQLCompositeType, parentName: string): void {
    const name = (node.alias ?? node.name).value;
    const field = fields.get(name);
    if (!field) fields.set(name, { node, parent, parentName, selections: selectionsOf(node, parent) });
    else if (node.selectionSet) field.selections = [...field.selections, ...selectionsOf(node, parent)];
  }
}

/** What `type` says of one of its fields; undefined where it has no such field. */
export function fieldOf(type: GraphQLCompositeType, name: string): GraphQLField<unknown, unknown> | undefined {
  return metaFields.get(name) ?? (isUnionType(type) ? undefined : type.getFields()[name]);
}

const metaFields: ReadonlyMap<string, GraphQLField<unknown, unknown>> = new Map(
  [SchemaMetaFieldDef, TypeMetaFieldDef].map((field) => [field.name, field]),
);

function selectionsOf({ name, selectionSet }: FieldNode, parent: GraphQLCompositeType): TypedSelections[] {
  const type = getNamedType(fieldOf(parent, name.value)?.type);
  return selectionSet && isCompositeType(type) ? [{ selectionSet, parent: type }] : [];
}

type Mutable<Value> = { -readonly [Key in keyof Value]: Value[Key] };

function isSkipped({ directives = [] }: SelectionNode, conditions: ConditionValues): boolean {
  return directives.some(({ name, arguments: given = [] }) => {
    if (name.value !== 'skip' && name.value !== 'include') return false;
    const value = given.find((argument) => argument.name.value === 'if')?.value;
    const decision = value?.kind === Kind.VARIABLE ? conditions.get(value.name.value) : value?.kind === Kind.BOOLEAN && value.value;
    return decision === (name.value === 'skip');
  });
}

/** Whether an object of `type` (or, when that is all that is known, of some object of it) satisfies a fragment's condition. */
function applies(schema: GraphQLSchema, condition: GraphQLCompositeType, type: GraphQLCompositeType): boolean {
  if (condition === type) return true;
  return isAbstractType(condition) && !isUnionType(type) && schema.isSubType(condition, type);
}

function compositeType(schema: GraphQLSchema, name: string): GraphQLCompositeType | undefined {
  const type = schema.getType(name);
  return isCompositeType(type) ? type : undefined;
}
