import type { AccessRequirement } from '@tenantry/auth';
import {
  getNamedType,
  isAbstractType,
  isCompositeType,
  isUnionType,
  Kind,
  type FieldNode,
  type GraphQLCompositeType,
  type GraphQLObjectType,
  type GraphQLSchema,
  type NamedTypeNode,
  type SelectionSetNode,
} from 'graphql';
import { fragmentsOf, type Fragments, type ValidOperation } from '../operation.ts';
import type { AccessRules } from './take-access-rules.ts';

/** What a selection set is applied to. */
interface Position {
  /** The type that the selections are written against. */
  readonly declared: GraphQLCompositeType;
  /** The object types that it can be here, after every fragment around it has narrowed them. */
  readonly possible: readonly GraphQLObjectType[];
}

interface Walk {
  readonly schema: GraphQLSchema;
  readonly rules: AccessRules;
  readonly fragments: Fragments;
  readonly visitedSpreads: Set<string>;
  readonly required: Map<string, AccessRequirement>;
}

/**
 * The access rules that an operation touches, by coordinate. A field counts with the type that holds it, that type's possible
 * objects, and the type that it returns; a field under `@skip` or `@include` counts whatever its variables say. `__typename` and
 * introspection count for nothing: they tell of types, not of data.
 */
export function requiredByOperation(
  { document, operation }: ValidOperation,
  schema: GraphQLSchema,
  rules: AccessRules,
): ReadonlyMap<string, AccessRequirement> {
  const walk: Walk = { schema, rules, fragments: fragmentsOf(document), visitedSpreads: new Set(), required: new Map() };
  const root = schema.getRootType(operation.operation);
  if (root) visitSelections(walk, operation.selectionSet, positionOf(walk, root));
  return walk.required;
}

function visitSelections(walk: Walk, { selections }: SelectionSetNode, position: Position): void {
  for (const selection of selections) {
    switch (selection.kind) {
      case Kind.FIELD:
        visitField(walk, selection, position);
        break;
      case Kind.INLINE_FRAGMENT:
        visitSelections(walk, selection.selectionSet, narrow(walk, position, selection.typeCondition));
        break;
      case Kind.FRAGMENT_SPREAD:
        visitSpread(walk, selection.name.value, position);
        break;
    }
  }
}

function visitField(walk: Walk, { name, selectionSet }: FieldNode, position: Position): void {
  if (name.value.startsWith('__')) return;
  for (const owner of new Set([position.declared, ...position.possible])) {
    demand(walk, owner.name);
    demand(walk, `${owner.name}.${name.value}`);
    const returned = returnedType(owner, name.value);
    if (returned) demand(walk, returned.name);
  }
  const returned = returnedType(position.declared, name.value);
  if (selectionSet && isCompositeType(returned)) visitSelections(walk, selectionSet, positionOf(walk, returned));
}

/** A fragment brings the same rules wherever it applies to the same types, so nested spreads cost no more than they are long. */
function visitSpread(walk: Walk, name: string, position: Position): void {
  const fragment = walk.fragments.get(name);
  if (!fragment) return;
  const narrowed = narrow(walk, position, fragment.typeCondition);
  const visit = [name, ...narrowed.possible.map((type) => type.name)].join(' ');
  if (walk.visitedSpreads.has(visit)) return;
  walk.visitedSpreads.add(visit);
  visitSelections(walk, fragment.selectionSet, narrowed);
}

/** Entering a fragment needs what its type needs, even if nothing but `__typename` is asked for within. */
function narrow(walk: Walk, position: Position, condition: NamedTypeNode | undefined): Position {
  const declared = condition ? walk.schema.getType(condition.name.value) : position.declared;
  if (!isCompositeType(declared) || declared === position.declared) return position;
  demand(walk, declared.name);
  const { possible } = positionOf(walk, declared);
  return { declared, possible: possible.filter((type) => position.possible.includes(type)) };
}

function positionOf({ schema }: Walk, declared: GraphQLCompositeType): Position {
  return { declared, possible: isAbstractType(declared) ? schema.getPossibleTypes(declared) : [declared] };
}

function returnedType(owner: GraphQLCompositeType, fieldName: string) {
  const field = isUnionType(owner) ? undefined : owner.getFields()[fieldName];
  return field && getNamedType(field.type);
}

function demand({ rules, required }: Walk, coordinate: string): void {
  const requirement = rules.get(coordinate);
  if (requirement) required.set(coordinate, requirement);
}
