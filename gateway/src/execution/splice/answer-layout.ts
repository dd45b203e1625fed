import {
  getNullableType,
  isAbstractType,
  isListType,
  isNonNullType,
  isObjectType,
  type GraphQLObjectType,
  type GraphQLOutputType,
} from 'graphql';
import { leafKind } from '../shape/build-shape.ts';
import { collectFields, type FieldCollector, type TypedSelections } from '../shape/collect-fields.ts';
import type { LeafKind } from '../shape/response-shape.ts';
import { textBytes } from './scan-json.ts';
import { Unspliceable } from './unspliceable.ts';

/**
 * How an answer is laid out: what objects are where in it, and what of them is noted when it is scanned. What is noted of an object is its
 * record: so many numbers on the answer's tape, one after the other, which are known by their slots.
 */
export interface ObjectLayout {
  /** Of which fetch of the plan the answer is. */
  readonly fetch: number;
  /** Tells this from all objects of all answers of the plan. */
  readonly id: number;
  readonly type: GraphQLObjectType;
  /** In the order in which an answer has them (GraphQL §7.2.2). */
  readonly fields: readonly FieldLayout[];
  /** Their places among the fields, by name. */
  readonly indexes: ReadonlyMap<string, number>;
  /** Numbers in a record; none, as long as nothing is noted. */
  recordSize: number;
}

export interface FieldLayout {
  readonly name: string;
  /** Bytes of the name with its quotes and the colon. */
  readonly key: Uint8Array;
  value: ValueLayout;
  /** Where in the object's record to note the place at which the field begins. */
  startSlots: readonly number[];
  endSlots: readonly number[];
}

const noSlots: readonly number[] = [];

export type ValueLayout = LeafLayout | ListLayout | CompositeLayout;

export interface LeafLayout {
  readonly kind: 'leaf';
  readonly isNonNull: boolean;
  readonly leaf: LeafKind | ExactText;
}

/** The one text that a `__typename` can be. */
interface ExactText {
  readonly kind: 'exactly';
  readonly bytes: Uint8Array;
}

export interface ListLayout {
  readonly kind: 'list';
  readonly isNonNull: boolean;
  readonly item: ValueLayout;
  /** Where in the record of the object around it to note the place of its items' records. */
  slot: number | null;
}

export interface CompositeLayout {
  readonly kind: 'composite';
  readonly isNonNull: boolean;
  readonly object: ObjectLayout;
  /** Where in the record of the object around it to note the place of its own. */
  slot: number | null;
}

/** Fields in the layouts of one plan, beyond which it is not worth its memory: fragments within fragments are spread out in them. */
const mostFields = 5000;

/** Lays answers out by what is asked for in them. */
export class LayoutBuilder {
  #objects = 0;
  #fields = 0;

  /** Objects that there are in all layouts. */
  get objectCount(): number {
    return this.#objects;
  }

  /** @throws {Unspliceable} where an object may be of several types, or there are too many */
  object(fetch: number, type: GraphQLObjectType, selections: readonly TypedSelections[], collector: FieldCollector): ObjectLayout {
    const id = this.#objects++;
    const collected = [...collectFields(collector, type, selections)];
    this.#fields += collected.length;
    if (this.#fields > mostFields) throw new Unspliceable('there are too many fields');
    const fields = collected.map(([name, { node, selections: below }]): FieldLayout => {
      const fieldName = node.name.value;
      const value = fieldName === '__typename' ? exactly(type.name) : this.#valueOf(fieldName, type, below, { fetch, collector });
      return { name, key: textBytes(`${JSON.stringify(name)}:`), value, startSlots: noSlots, endSlots: noSlots };
    });
    const indexes = new Map(fields.map(({ name }, index) => [name, index]));
    return { fetch, id, type, fields, indexes, recordSize: 0 };
  }

  #valueOf(fieldName: string, parent: GraphQLObjectType, below: readonly TypedSelections[], within: Within): ValueLayout {
    const field = parent.getFields()[fieldName];
    if (!field) throw new Unspliceable('a plan is not as plans are');
    return this.#value(field.type, below, within);
  }

  #value(type: GraphQLOutputType, below: readonly TypedSelections[], within: Within): ValueLayout {
    const isNonNull = isNonNullType(type);
    const nullable = getNullableType(type);
    if (isListType(nullable)) return { kind: 'list', isNonNull, item: this.#value(nullable.ofType, below, within), slot: null };
    if (isObjectType(nullable)) {
      return { kind: 'composite', isNonNull, object: this.object(within.fetch, nullable, below, within.collector), slot: null };
    }
    if (isAbstractType(nullable)) throw new Unspliceable('an object may be of several types');
    return { kind: 'leaf', isNonNull, leaf: leafKind(nullable) };
  }
}

interface Within {
  readonly fetch: number;
  readonly collector: FieldCollector;
}

function exactly(typename: string): LeafLayout {
  return { kind: 'leaf', isNonNull: true, leaf: { kind: 'exactly', bytes: textBytes(JSON.stringify(typename)) } };
}

/** Has the place of each such object noted. */
export function noteValue(object: ObjectLayout, value: ListLayout | CompositeLayout): number {
  return (value.slot ??= object.recordSize++);
}

/** Has it noted where the fields from one to another begin and end: in the slot given, and in the next. */
export function noteRun(object: ObjectLayout, first: number, last: number): number {
  const slot = object.recordSize;
  object.recordSize += 2;
  const [firstField, lastField] = [object.fields[first]!, object.fields[last]!];
  // A list that grows in place would keep room for many more.
  firstField.startSlots = firstField.startSlots.concat(slot);
  lastField.endSlots = lastField.endSlots.concat(slot + 1);
  return slot;
}
