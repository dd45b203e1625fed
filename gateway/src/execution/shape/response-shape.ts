/**
 * The shape of an operation's response, for one set of values of its condition variables: what to take out of the merged answers of
 * subgraphs, under which names, and what each value has to be. Made by `build-shape.ts`; read by `complete.ts`, which follows it
 * step by step, and by `compile-shape.ts`, which writes code for it.
 */
export type ValueShape = LeafShape | ListShape | CompositeShape;

interface LeafShape {
  readonly kind: 'leaf';
  readonly isNonNull: boolean;
  /** Of the type without its `!`. */
  readonly typeName: string;
  readonly leaf: LeafKind;
}

/** `any` is a custom scalar, whose values the gateway knows nothing of. */
export type LeafKind = { readonly kind: 'Boolean' | 'Int' | 'Float' | 'String' | 'ID' | 'any' } | EnumKind;

interface EnumKind {
  readonly kind: 'enum';
  /** Those that clients may see. */
  readonly values: ReadonlySet<string>;
}

export interface ListShape {
  readonly kind: 'list';
  readonly isNonNull: boolean;
  readonly typeName: string;
  readonly item: ValueShape;
}

export interface CompositeShape {
  readonly kind: 'composite';
  readonly isNonNull: boolean;
  readonly typeName: string;
  readonly objects: ObjectShapes;
}

/**
 * The shapes of the objects that can be in one place. Each is made when it is first asked for: objects within objects, of many types
 * each, come to more shapes than could be held, of which a response has few.
 */
export interface ObjectShapes {
  readonly typenames: readonly string[];
  /** Of an object of this `__typename`; undefined for one that is no type that a client could be told of. */
  of(typename: string): ObjectShape | undefined;
  /** Of an object that does not say its type. */
  readonly untyped: ObjectShape;
}

export interface ObjectShape {
  /** Of the fields' parent. */
  readonly typeName: string;
  readonly fields: readonly FieldShape[];
}

export type FieldShape = ValueField | TypenameField | IntrospectionField;

interface ValueField {
  readonly kind: 'value';
  readonly responseName: string;
  /** The type that the selection is written against, for messages. */
  readonly parentName: string;
  readonly value: ValueShape;
}

interface TypenameField {
  readonly kind: 'typename';
  readonly responseName: string;
  /** Null where the type is not known to be an object's: such an object has no answer to this. */
  readonly typename: string | null;
}

/** `__schema` and `__type`, which the gateway answers itself. */
interface IntrospectionField {
  readonly kind: 'introspection';
  readonly responseName: string;
}
