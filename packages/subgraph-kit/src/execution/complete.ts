import {
  defaultTypeResolver,
  getNullableType,
  GraphQLError,
  isAbstractType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  type GraphQLAbstractType,
  type GraphQLLeafType,
  type GraphQLList,
  type GraphQLObjectType,
  type GraphQLOutputType,
} from 'graphql';
import type { FieldPlan } from './field-plan.ts';
import { fill, type Complete, type Place } from './place.ts';
import { disown, failAfter, isPromise } from './run.ts';
import type { Selection } from './selection.ts';

/** Compiles what the specification calls value completion (§6.4.3), for values that `field` resolves to. */
export function compileCompletion(type: GraphQLOutputType, field: FieldPlan): Complete {
  const nullable = getNullableType(type);
  const complete = compileNullable(nullable, field);
  const isNonNull = isNonNullType(type);
  return (run, value, path) => {
    if (value instanceof Error) throw value;
    const completed = value === null || value === undefined ? null : complete(run, value, path);
    if (isNonNull && completed === null) throw new Error(`Cannot return null for non-nullable field ${field.coordinate}.`);
    return completed;
  };
}

/** @throws {Error} when the type cannot express `value` */
export function serialize(type: GraphQLLeafType, value: unknown): unknown {
  const serialized = type.serialize(value);
  if (serialized !== null && serialized !== undefined) return serialized;
  throw new Error(`Expected \`${type.name}.serialize\` to return a value; it returned ${serialized}.`);
}

function compileNullable(type: GraphQLOutputType, field: FieldPlan): Complete {
  if (isLeafType(type)) return (_run, value) => serialize(type, value);
  if (isListType(type)) return compileList(type, field);
  if (isAbstractType(type)) return compileAbstract(type, field);
  if (isObjectType(type)) return compileObject(type, field);
  throw new TypeError(`There are no values of the type ${String(type)}.`);
}

function compileList({ ofType }: GraphQLList<GraphQLOutputType>, field: FieldPlan): Complete {
  const item: Place = { nodes: field.nodes, isNullable: !isNonNullType(ofType), complete: compileCompletion(ofType, field) };
  return (run, value, path) => {
    if (!isIterable(value)) throw new GraphQLError(`Expected Iterable, but did not find one for field "${field.coordinate}".`);
    let isPending = false;
    const items: unknown[] = [];
    const members = Array.isArray(value) ? value : [...value];
    try {
      for (const member of members) {
        const filled = fill(item, run, member, { prev: path, key: items.length, typename: undefined });
        isPending ||= isPromise(filled);
        items.push(filled);
      }
    } catch (error) {
      for (const member of members.slice(items.length + 1)) if (isPromise(member)) disown(member);
      if (isPending) return failAfter(Promise.all(items), error);
      throw error;
    }
    return isPending ? Promise.all(items) : items;
  };
}

function compileObject(type: GraphQLObjectType, field: FieldPlan): Complete {
  let kept: Selection | null = null;
  const select: Complete = (run, value, path) => {
    const selection = kept ?? field.compileSelection(type);
    if (!field.isCutShort) kept = selection;
    return selection.execute(run, value, path);
  };
  const { isTypeOf } = type;
  if (!isTypeOf) return select;
  return (run, value, path) => {
    const check = (isOne: boolean) => {
      if (!isOne) throw new GraphQLError(`The field ${field.coordinate} has a value that is no ${type.name}.`, { nodes: field.nodes });
      return select(run, value, path);
    };
    const isOne = isTypeOf(value, run.context, field.infoAt(run, path));
    return isPromise(isOne) ? isOne.then(check) : check(isOne);
  };
}

function compileAbstract(type: GraphQLAbstractType, field: FieldPlan): Complete {
  const resolveType = type.resolveType ?? defaultTypeResolver;
  const byType = new Map<GraphQLObjectType, Complete>();
  const completionOf = (name: unknown): Complete => {
    const concrete = concreteType(type, name, field);
    const known = byType.get(concrete) ?? compileObject(concrete, field);
    byType.set(concrete, known);
    return known;
  };
  return (run, value, path) => {
    const name = resolveType(value, run.context, field.infoAt(run, path), type);
    return isPromise(name) ? name.then((resolved) => completionOf(resolved)(run, value, path)) : completionOf(name)(run, value, path);
  };
}

/** @throws {GraphQLError} unless `name` is that of an object type that `type` may be */
function concreteType(type: GraphQLAbstractType, name: unknown, { schema, coordinate, nodes }: FieldPlan): GraphQLObjectType {
  const concrete = typeof name === 'string' ? schema.getType(name) : undefined;
  if (isObjectType(concrete) && schema.isSubType(type, concrete)) return concrete;
  const said = typeof name === 'string' ? `it said ${JSON.stringify(name)}` : 'it said none';
  throw new GraphQLError(`"${type.name}" must resolve to one of its object types for the field "${coordinate}": ${said}.`, { nodes });
}

/** Strings are not lists. */
function isIterable(value: unknown): value is Iterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.iterator in value;
}
