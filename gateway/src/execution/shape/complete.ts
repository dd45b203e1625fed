import { GraphQLError } from 'graphql';
import { isJsonObject, ownValue, setOwnValue, type JsonObject } from '../json.ts';
import { isLeafValue } from './leaf-values.ts';
import type { CompositeShape, FieldShape, ListShape, ObjectShape, ValueShape } from './response-shape.ts';

export interface Completion {
  /** Null where a null propagated to the root. */
  readonly data: JsonObject | null;
  /** A null, or a value of another type, where the schema allows none. */
  readonly errors: readonly GraphQLError[];
}

/** Answers to `__schema` and `__type`, by response name. */
export type IntrospectionData = Readonly<JsonObject>;

/**
 * Takes a response out of merged answers, as the specification completes values (GraphQL §6.4.3): nulls propagate, errors say where.
 *
 * @param path the place of `data` in the response
 */
export function completeResponse(
  shape: ObjectShape,
  data: JsonObject,
  introspection: IntrospectionData,
  path: readonly (string | number)[] = [],
): Completion {
  const completer = new Completer(introspection, path);
  const completed = completer.completeObject(shape, data);
  return { data: completed === propagated ? null : completed, errors: completer.errors };
}

/** By the type that an object says it is of; undefined for one that a client could not be told of. */
export function objectShapeOf({ objects }: CompositeShape, { __typename: typename }: JsonObject): ObjectShape | undefined {
  if (!typename) return objects.untyped;
  return typeof typename === 'string' ? objects.of(typename) : undefined;
}

/** Stands for a null that its parent may not hold. */
const propagated = Symbol('propagated');
type Propagated = typeof propagated;

class Completer {
  readonly errors: GraphQLError[] = [];
  readonly #introspection: IntrospectionData;
  readonly #path: (string | number)[];

  constructor(introspection: IntrospectionData, path: readonly (string | number)[]) {
    this.#introspection = introspection;
    this.#path = [...path];
  }

  completeObject({ fields }: ObjectShape, input: JsonObject): JsonObject | Propagated {
    const output: JsonObject = {};
    for (const field of fields) {
      const value = this.#completeField(field, input);
      if (value === propagated) return propagated;
      setOwnValue(output, field.responseName, value);
    }
    return output;
  }

  #completeField(field: FieldShape, input: JsonObject): unknown {
    switch (field.kind) {
      case 'typename':
        return field.typename ?? propagated;
      case 'introspection':
        return ownValue(this.#introspection, field.responseName);
      case 'value':
        this.#path.push(field.responseName);
        try {
          const value = ownValue(input, field.responseName);
          return this.#completeValue(field.value, value, () => `field ${field.parentName}.${field.responseName}`);
        } finally {
          this.#path.pop();
        }
      default:
        return field satisfies never;
    }
  }

  /** @param describe names the value's place, for messages */
  #completeValue(shape: ValueShape, input: unknown, describe: () => string): unknown {
    const isMissing = input === undefined || input === null;
    if (isMissing && shape.isNonNull) this.#report(`Cannot return null for non-nullable ${describe()}.`);
    const value = isMissing ? null : this.#completePresent(shape, input, describe);
    return value === null && shape.isNonNull ? propagated : value;
  }

  /** Null for what cannot be completed, which is then on record. */
  #completePresent(shape: ValueShape, input: unknown, describe: () => string): unknown {
    switch (shape.kind) {
      case 'leaf':
        if (isLeafValue(input, shape.leaf)) return input;
        this.#report(`Invalid value found for ${describe()}.`);
        return null;
      case 'list':
        if (Array.isArray(input)) return this.#completeList(shape, input);
        this.#report(`Expected a list for ${describe()}.`);
        return null;
      case 'composite':
        if (isJsonObject(input)) return this.#completeComposite(shape, input, describe);
        this.#report(`Expected an object for ${describe()}.`);
        return null;
      default:
        return shape satisfies never;
    }
  }

  #completeList({ item }: ListShape, input: readonly unknown[]): unknown[] | null {
    let isPropagated = false;
    const values = input.map((value, index) => {
      this.#path.push(index);
      const completed = this.#completeValue(item, value, () => `array element of type ${item.typeName} at index ${index}`);
      this.#path.pop();
      isPropagated ||= completed === propagated;
      return completed;
    });
    return isPropagated ? null : values;
  }

  #completeComposite(composite: CompositeShape, input: JsonObject, describe: () => string): JsonObject | null {
    const shape = objectShapeOf(composite, input);
    if (!shape) {
      this.#report(`Invalid __typename found for object at ${describe()}.`);
      return null;
    }
    const completed = this.completeObject(shape, input);
    return completed === propagated ? null : completed;
  }

  #report(message: string): void {
    this.errors.push(new GraphQLError(message, { path: [...this.#path], extensions: { code: 'INVALID_GRAPHQL' } }));
  }
}
