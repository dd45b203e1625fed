import {
  getNamedType,
  getNullableType,
  isAbstractType,
  isCompositeType,
  isEnumType,
  isInterfaceType,
  isListType,
  isNonNullType,
  isObjectType,
  type GraphQLCompositeType,
  type GraphQLLeafType,
  type GraphQLOutputType,
  type GraphQLSchema,
  type SelectionSetNode,
} from 'graphql';
import { fragmentsOf, type ValidOperation } from '../../operation.ts';
import type { ConditionValues } from '../conditions.ts';
import { collectFields, fieldOf, type CollectedField, type FieldCollector, type TypedSelections } from './collect-fields.ts';
import { LazyObjectShapes, ShapeMemory } from './object-shapes.ts';
import type { CompositeShape, FieldShape, LeafKind, ObjectShape, ObjectShapes, ValueShape } from './response-shape.ts';

/** The shape of the response to `operation` where its condition variables have these values. */
export function buildShape({ document, operation }: ValidOperation, schema: GraphQLSchema, conditions: ConditionValues): ObjectShape {
  const root = schema.getRootType(operation.operation);
  if (!root) throw new Error(`The schema has no ${operation.operation}.`);
  const builder = new ShapeBuilder({ schema, fragments: fragmentsOf(document), conditions });
  return builder.objectShapes(root, [{ selectionSet: operation.selectionSet, parent: root }]).untyped;
}

/** The shape of what a selection takes out of a value of `type`. Fragments are spread out in it. */
export function buildCompositeShape(
  type: GraphQLCompositeType,
  selectionSet: SelectionSetNode,
  schema: GraphQLSchema,
  conditions: ConditionValues,
): CompositeShape {
  const builder = new ShapeBuilder({ schema, fragments: new Map(), conditions });
  return {
    kind: 'composite',
    isNonNull: false,
    typeName: type.name,
    objects: builder.objectShapes(type, [{ selectionSet, parent: type }]),
  };
}

class ShapeBuilder {
  readonly #collector: FieldCollector;
  readonly #memory = new ShapeMemory();

  constructor(collector: FieldCollector) {
    this.#collector = collector;
  }

  /**
   * The same for the same selections of the same type: what fields of several types return is mostly selected from alike.
   *
   * @param known the type that the holder's own field is of, where `type` is that of an interface's field. If it is an object's, plans do
   *   not ask for `__typename`
   */
  objectShapes(type: GraphQLCompositeType, selections: readonly TypedSelections[], known = type): ObjectShapes {
    const types = [type, ...this.#subtypesOf(type)];
    const make = (objectType: GraphQLCompositeType) => this.#objectShape(objectType, selections);
    return this.#memory.remembered({ type, known }, selections, () => new LazyObjectShapes(types, known, make));
  }

  #objectShape(type: GraphQLCompositeType, selections: readonly TypedSelections[]): ObjectShape {
    const fields = collectFields(this.#collector, type, selections);
    return { typeName: type.name, fields: [...fields].map(([name, field]) => this.#fieldShape(name, field, type)) };
  }

  #fieldShape(responseName: string, field: CollectedField, type: GraphQLCompositeType): FieldShape {
    const name = field.node.name.value;
    if (name === '__typename') return { kind: 'typename', responseName, typename: isObjectType(type) ? type.name : null };
    if (name === '__schema' || name === '__type') return { kind: 'introspection', responseName };
    const definition = fieldOf(field.parent, name);
    if (!definition) throw new Error(`${field.parent.name} has no field ${name}.`);
    const known = getNamedType(fieldOf(type, name)?.type);
    const value = this.#valueShape(definition.type, field.selections, isCompositeType(known) ? known : undefined);
    return { kind: 'value', responseName, parentName: field.parentName, value };
  }

  #valueShape(type: GraphQLOutputType, selections: readonly TypedSelections[], known?: GraphQLCompositeType): ValueShape {
    const isNonNull = isNonNullType(type);
    const nullable = getNullableType(type);
    const typeName = String(nullable);
    if (isListType(nullable)) return { kind: 'list', isNonNull, typeName, item: this.#valueShape(nullable.ofType, selections, known) };
    if (isCompositeType(nullable))
      return { kind: 'composite', isNonNull, typeName, objects: this.objectShapes(nullable, selections, known) };
    return { kind: 'leaf', isNonNull, typeName, leaf: leafKind(nullable) };
  }

  /** What a `__typename` in the place of an abstract type can be: also an interface, of the object that stands for it in some subgraph. */
  #subtypesOf(type: GraphQLCompositeType): GraphQLCompositeType[] {
    if (!isAbstractType(type)) return [];
    const { schema } = this.#collector;
    return [...schema.getPossibleTypes(type), ...(isInterfaceType(type) ? schema.getImplementations(type).interfaces : [])];
  }
}

export function leafKind(type: GraphQLLeafType): LeafKind {
  if (isEnumType(type)) return { kind: 'enum', values: new Set(type.getValues().map(({ name }) => name)) };
  switch (type.name) {
    case 'Boolean':
    case 'Int':
    case 'Float':
    case 'String':
    case 'ID':
      return { kind: type.name };
    default:
      return { kind: 'any' };
  }
}
