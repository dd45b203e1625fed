import {
  getNamedType,
  isCompositeType,
  isUnionType,
  Kind,
  type GraphQLCompositeType,
  type GraphQLSchema,
  type SelectionSetNode,
} from 'graphql';
import { fragmentsOf, type Fragments, type ValidOperation } from '../../operation.ts';

/** Selections and the type that they are written against. */
interface Position {
  readonly type: GraphQLCompositeType;
  readonly selectionSet: SelectionSetNode;
}

/** How a path says that it goes on for objects of one type only. */
const typePrefix = '... on ';

/**
 * The type of what an operation selects from at a path of response names.
 *
 * @throws {RangeError} when the operation has nothing there
 */
export function typeAtPath({ document, operation }: ValidOperation, schema: GraphQLSchema, path: readonly string[]): GraphQLCompositeType {
  const root = schema.getRootType(operation.operation);
  const fragments = fragmentsOf(document);
  let positions: Position[] = root ? [{ type: root, selectionSet: operation.selectionSet }] : [];
  for (const step of path) {
    if (step.startsWith(typePrefix)) {
      const type = schema.getType(step.slice(typePrefix.length));
      if (isCompositeType(type)) positions = positions.map(({ selectionSet }) => ({ type, selectionSet }));
    } else {
      positions = positions.flatMap((position) => fieldsNamed(step, position, schema, fragments));
    }
  }
  const [position] = positions;
  if (!position) throw new RangeError(`The operation has nothing at ${path.join('.')}.`);
  return position.type;
}

function fieldsNamed(responseName: string, { type, selectionSet }: Position, schema: GraphQLSchema, fragments: Fragments): Position[] {
  return selectionSet.selections.flatMap((selection) => {
    if (selection.kind !== Kind.FIELD) {
      const fragment = selection.kind === Kind.FRAGMENT_SPREAD ? fragments.get(selection.name.value) : selection;
      const condition = fragment?.typeCondition && schema.getType(fragment.typeCondition.name.value);
      const inner = fragment && { type: isCompositeType(condition) ? condition : type, selectionSet: fragment.selectionSet };
      return inner ? fieldsNamed(responseName, inner, schema, fragments) : [];
    }
    const field = isUnionType(type) ? undefined : type.getFields()[selection.name.value];
    const returned = field && getNamedType(field.type);
    if ((selection.alias ?? selection.name).value !== responseName || !selection.selectionSet || !isCompositeType(returned)) return [];
    return [{ type: returned, selectionSet: selection.selectionSet }];
  });
}
