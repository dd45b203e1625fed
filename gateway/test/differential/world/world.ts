import {
  getArgumentValues,
  isAbstractType,
  isEnumType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  Kind,
  type GraphQLField,
  type GraphQLLeafType,
  type GraphQLOutputType,
  type GraphQLSchema,
  type SelectionSetNode,
} from 'graphql';
import { hash, isObject, stableJson } from './hash.ts';

/** An object of the world: its type, never abstract, and what tells it from every other. */
export interface Thing {
  readonly type: string;
  readonly id: string;
}

export interface WorldOptions {
  /** The whole supergraph with what clients do not see. */
  schema: GraphQLSchema;
  /** Types of entities, and the fields that are a part of their keys, which are never null. */
  keyFields: ReadonlyMap<string, ReadonlySet<string>>;
  /** Which objects there are of an abstract type. */
  possibleTypes: ReadonlyMap<string, readonly string[]>;
  /** Selections of `@requires` by `Type.field`. */
  requires: ReadonlyMap<string, SelectionSetNode>;
  seed: number;
}

/** How many there are of each entity: few, so that they are met again and again. */
const entitiesPerType = 4;
const longestList = 3;
/** Of what may be null, one in so many is. */
const nullsOneIn = 10;

/**
 * All data that there is, as a function of (type, identity, field, arguments): whoever asks for a field of a thing, wherever, gets the same
 * answer.
 */
export class World {
  readonly #options: WorldOptions;

  constructor(options: WorldOptions) {
    this.#options = options;
  }

  /** Every entity of a type, or of what implements it. */
  entitiesOf(type: string): Thing[] {
    const types = this.#options.possibleTypes.get(type) ?? [type];
    return types.flatMap((each) => Array.from({ length: entitiesPerType }, (_, index) => ({ type: each, id: `${each}:${index}` })));
  }

  /**
   * A field's value: things, lists of them, leaves as JSON has them, or null.
   *
   * @param required what the field is computed from, if it is; default: as the world has it
   */
  resolve(thing: Thing, fieldName: string, args: Readonly<Record<string, unknown>>, required?: unknown): unknown {
    const { requires, keyFields } = this.#options;
    const selection = requires.get(`${thing.type}.${fieldName}`);
    const from = selection ? `<${hash(stableJson(required ?? this.select(thing, selection)))}>` : '';
    const given = Object.keys(args).length > 0 ? `(${stableJson(args)})` : '';
    const place = `${thing.id}.${fieldName}${given}${from}`;
    const { type } = this.#field(thing.type, fieldName);
    return keyFields.get(thing.type)?.has(fieldName) ? this.#present(place, type) : this.#value(place, type);
  }

  /** What a selection as in `@key` or `@requires` finds, without `__typename`. */
  select(thing: Thing, selection: SelectionSetNode): Record<string, unknown> {
    const found: Record<string, unknown> = {};
    for (const node of selection.selections) {
      if (node.kind === Kind.FIELD) {
        if (node.name.value === '__typename') continue;
        const value = this.resolve(thing, node.name.value, getArgumentValues(this.#field(thing.type, node.name.value), node));
        found[node.name.value] = this.#selectIn(value, node.selectionSet);
      } else if (node.kind === Kind.INLINE_FRAGMENT && this.isA(thing.type, node.typeCondition?.name.value)) {
        Object.assign(found, this.select(thing, node.selectionSet));
      }
    }
    return found;
  }

  #selectIn(value: unknown, selection: SelectionSetNode | undefined): unknown {
    if (!selection) return value;
    if (Array.isArray(value)) return value.map((element: unknown) => this.#selectIn(element, selection));
    return isThing(value) ? this.select(value, selection) : value;
  }

  #value(place: string, type: GraphQLOutputType): unknown {
    const isNull = !isNonNullType(type) && this.#hash(`null ${place}`) % nullsOneIn === 0;
    return isNull ? null : this.#present(place, type);
  }

  #present(place: string, type: GraphQLOutputType): unknown {
    if (isNonNullType(type)) return this.#present(place, type.ofType);
    if (isListType(type)) {
      const length = this.#hash(`length ${place}`) % (longestList + 1);
      return Array.from({ length }, (_, index) => this.#value(`${place}[${index}]`, type.ofType));
    }
    if (isLeafType(type)) return this.#leaf(place, type);
    const candidates = this.#options.possibleTypes.get(type.name) ?? [type.name];
    const object = candidates[this.#hash(`type ${place}`) % candidates.length]!;
    if (!this.#options.keyFields.has(object)) return { type: object, id: place };
    return { type: object, id: `${object}:${this.#hash(`entity ${place}`) % entitiesPerType}` };
  }

  #leaf(place: string, type: GraphQLLeafType): unknown {
    const number = this.#hash(`leaf ${place}`);
    if (isEnumType(type)) return type.getValues()[number % type.getValues().length]?.name;
    switch (type.name) {
      case 'Int':
        return (number % 20_000) - 10_000;
      case 'Float':
        return (number % 20_000) / 8;
      case 'Boolean':
        return number % 2 === 0;
      case 'String':
      case 'ID':
        return place;
      default:
        // Each tells of its place, for it may be an entity's key.
        return [place, number, [number % 2 === 0, place], [place, { deep: place }], { of: place, list: [1, null] }][number % 5];
    }
  }

  #hash(text: string): number {
    return hash(`${this.#options.seed} ${text}`);
  }

  /** Whether objects of a type are selected by a fragment with a condition, or with none. */
  isA(type: string, condition: string | undefined): boolean {
    if (condition === undefined || condition === type) return true;
    const { schema } = this.#options;
    const [object, abstract] = [schema.getType(type), schema.getType(condition)];
    return isObjectType(object) && isAbstractType(abstract) && schema.isSubType(abstract, object);
  }

  #field(typeName: string, fieldName: string): GraphQLField<unknown, unknown> {
    const type = this.#options.schema.getType(typeName);
    const field = isObjectType(type) ? type.getFields()[fieldName] : undefined;
    if (!field) throw new Error(`The world has no field ${typeName}.${fieldName}.`);
    return field;
  }
}

function isThing(value: unknown): value is Thing {
  return isObject(value) && typeof value['type'] === 'string' && typeof value['id'] === 'string';
}
