import type { GraphQLCompositeType, SelectionSetNode } from 'graphql';
import type { TypedSelections } from './collect-fields.ts';
import type { ObjectShape, ObjectShapes } from './response-shape.ts';

/** Shapes of the objects of some types, made when they are asked for. */
export class LazyObjectShapes implements ObjectShapes {
  readonly #types: ReadonlyMap<string, GraphQLCompositeType>;
  readonly #known: GraphQLCompositeType;
  readonly #make: (type: GraphQLCompositeType) => ObjectShape;
  readonly #made = new Map<string, ObjectShape>();

  /** @param known of objects that do not say their type */
  constructor(types: readonly GraphQLCompositeType[], known: GraphQLCompositeType, make: (type: GraphQLCompositeType) => ObjectShape) {
    this.#types = new Map(types.map((type) => [type.name, type]));
    this.#known = known;
    this.#make = make;
  }

  get typenames(): readonly string[] {
    return [...this.#types.keys()];
  }

  get untyped(): ObjectShape {
    return this.#shapeOf(this.#known);
  }

  of(typename: string): ObjectShape | undefined {
    const type = this.#types.get(typename);
    return type && this.#shapeOf(type);
  }

  #shapeOf(type: GraphQLCompositeType): ObjectShape {
    const known = this.#made.get(type.name);
    if (known) return known;
    const shape = this.#make(type);
    this.#made.set(type.name, shape);
    return shape;
  }
}

interface KnownType {
  readonly type: GraphQLCompositeType;
  /** The same, or one of its subtypes. */
  readonly known: GraphQLCompositeType;
}

/** The shapes that were made for selections of a type. */
export class ShapeMemory {
  readonly #shapes = new Map<string, ObjectShapes>();
  readonly #ids = new Map<SelectionSetNode, number>();

  remembered({ type, known }: KnownType, selections: readonly TypedSelections[], make: () => ObjectShapes): ObjectShapes {
    const key = [
      type.name,
      known.name,
      ...selections.map(({ selectionSet, parent }) => `${parent.name} ${this.#idOf(selectionSet)}`),
    ].join();
    const shapes = this.#shapes.get(key) ?? make();
    this.#shapes.set(key, shapes);
    return shapes;
  }

  #idOf(selectionSet: SelectionSetNode): number {
    const id = this.#ids.get(selectionSet) ?? this.#ids.size;
    this.#ids.set(selectionSet, id);
    return id;
  }
}
