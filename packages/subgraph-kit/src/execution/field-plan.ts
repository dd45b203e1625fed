import {
  getArgumentValues,
  getNullableType,
  isLeafType,
  isNonNullType,
  type FieldNode,
  type GraphQLField,
  type GraphQLFieldResolver,
  type GraphQLLeafType,
  type GraphQLObjectType,
  type GraphQLResolveInfo,
  type GraphQLSchema,
  type ResponsePath,
} from 'graphql';
import { compileCompletion, serialize } from './complete.ts';
import type { OperationPlan } from './operation-plan.ts';
import { fail, fill, type Complete, type Place } from './place.ts';
import type { Run } from './run.ts';
import type { Selection } from './selection.ts';

/** What is known of a selected field before any object is read. */
export class FieldPlan implements Place {
  readonly responseName: string;
  readonly nodes: readonly FieldNode[];
  readonly isNullable: boolean;
  readonly complete: Complete;
  /** `Type.field`, for errors. */
  readonly coordinate: string;
  readonly #operation: OperationPlan;
  readonly #parentType: GraphQLObjectType;
  readonly #field: GraphQLField<unknown, unknown>;
  /** Of a field that is a scalar or an enum; null of any other. */
  readonly #leafType: GraphQLLeafType | null;

  constructor(
    operation: OperationPlan,
    parentType: GraphQLObjectType,
    field: GraphQLField<unknown, unknown>,
    [responseName, nodes]: readonly [string, readonly FieldNode[]],
  ) {
    const nullableType = getNullableType(field.type);
    this.#operation = operation;
    this.#parentType = parentType;
    this.#field = field;
    this.#leafType = isLeafType(nullableType) ? nullableType : null;
    this.responseName = responseName;
    this.nodes = nodes;
    this.isNullable = !isNonNullType(field.type);
    this.coordinate = `${parentType.name}.${field.name}`;
    this.complete = compileCompletion(field.type, this);
  }

  get schema(): GraphQLSchema {
    return this.#operation.schema;
  }

  /** As {@link OperationPlan.isCutShort}. */
  get isCutShort(): boolean {
    return this.#operation.isCutShort;
  }

  /** The fields that are selected of an object of `type` that this field resolves to. */
  compileSelection(type: GraphQLObjectType): Selection {
    return this.#operation.compileSelection(type, this.nodes);
  }

  /**
   * What the response holds for this field of `source`, or a promise of it.
   *
   * @throws {GraphQLError} where it cannot be null
   */
  execute(run: Run, source: unknown, parentPath: ResponsePath | undefined): unknown {
    return this.#field.resolve ? this.#resolve(this.#field.resolve, run, source, parentPath) : this.#read(run, source, parentPath);
  }

  /** What resolvers are told of the field whose value, or an item of it, is at `path`. */
  infoAt(run: Run, path: ResponsePath): GraphQLResolveInfo {
    const { schema, fragments, definition: operation } = this.#operation;
    return {
      fieldName: this.#field.name,
      fieldNodes: this.nodes,
      returnType: this.#field.type,
      parentType: this.#parentType,
      path: fieldPath(path),
      schema,
      fragments,
      rootValue: run.root,
      operation,
      variableValues: run.variables,
    };
  }

  #resolve(resolve: GraphQLFieldResolver<unknown, unknown>, run: Run, source: unknown, parentPath: ResponsePath | undefined): unknown {
    const path = this.#pathIn(parentPath);
    let value: unknown;
    try {
      value = resolve(source, this.#argumentsFor(run) ?? {}, run.context, this.infoAt(run, path));
    } catch (raised) {
      return fail(this, run, raised, path);
    }
    return fill(this, run, value, path);
  }

  /** Without a resolver: off the object. A scalar that is at hand, the commonest of all, needs no path unless it is wrong. */
  #read(run: Run, source: unknown, parentPath: ResponsePath | undefined): unknown {
    let value: unknown;
    try {
      const given = this.#argumentsFor(run);
      value = propertyOf(source, this.#field.name);
      if (this.#leafType && isAtHand(value)) return serialize(this.#leafType, value);
      if (typeof value === 'function') {
        value = Reflect.apply(value, source, [given ?? {}, run.context, this.infoAt(run, this.#pathIn(parentPath))]);
      }
    } catch (raised) {
      return fail(this, run, raised, this.#pathIn(parentPath));
    }
    return fill(this, run, value, this.#pathIn(parentPath));
  }

  #pathIn(parentPath: ResponsePath | undefined): ResponsePath {
    return { prev: parentPath, key: this.responseName, typename: this.#parentType.name };
  }

  /** @returns null for a field that takes none @throws {GraphQLError} when one does not fit: a null, from a variable that may be null */
  #argumentsFor(run: Run): Record<string, unknown> | null {
    if (this.#field.args.length === 0) return null;
    const [node] = this.nodes;
    return node ? getArgumentValues(this.#field, node, run.variables) : null;
  }
}

/** The path of the field that a value at `path` belongs to: that of a list, for its items. */
function fieldPath(path: ResponsePath): ResponsePath {
  return typeof path.key === 'number' && path.prev ? fieldPath(path.prev) : path;
}

/** What a field without a resolver finds in its object. */
function propertyOf(source: unknown, name: string): unknown {
  return isObject(source) ? source[name] : undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}

/** Neither a promise, nor an error, nor absent, nor to be called. */
function isAtHand(value: unknown): boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' || value instanceof Date;
}
