import {
  getNullableType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isRequiredArgument,
  type GraphQLArgument,
  type GraphQLInputType,
} from 'graphql';
import type { Picker } from '../../support/picker.ts';

/** A value of an input type, as it is written in a document and in JSON. */
interface InputValue {
  readonly literal: string;
  readonly json: unknown;
}

/** The variables of one operation, declared as they are used. */
export class Variables {
  readonly #picker: Picker;
  readonly #definitions = new Map<string, string>();
  readonly #values: Record<string, unknown> = {};

  constructor(picker: Picker) {
    this.#picker = picker;
  }

  /** Those that the client sends. */
  get values(): Readonly<Record<string, unknown>> {
    return this.#values;
  }

  /** With parentheses; empty for none. */
  get definitions(): string {
    return this.#definitions.size > 0 ? `(${[...this.#definitions.values()].join(', ')})` : '';
  }

  /** One of a few variables for conditions, which are used again and again. */
  condition(): string {
    const name = `c${this.#picker.integer(0, 3)}`;
    if (!this.#definitions.has(name)) this.#declareCondition(name);
    return `$${name}`;
  }

  #declareCondition(name: string): void {
    const definition = this.#picker.pick([`$${name}: Boolean!`, `$${name}: Boolean! = true`, `$${name}: Boolean = false`]);
    this.#definitions.set(name, definition);
    if (!definition.includes('=') || this.#picker.chance(50)) this.#values[name] = this.#picker.chance(50);
  }

  /** Arguments with parentheses, as constants and as variables; empty for none. */
  argumentsFor(args: readonly GraphQLArgument[]): string {
    const given = args.filter((arg) => isRequiredArgument(arg) || this.#picker.chance(60));
    return given.length > 0 ? `(${given.map(({ name, type }) => `${name}: ${this.#argument(type)}`).join(', ')})` : '';
  }

  #argument(type: GraphQLInputType): string {
    const value = inputValue(type, this.#picker);
    if (this.#picker.chance(50)) return value.literal;
    const name = `v${this.#definitions.size}`;
    const hasDefault = this.#picker.chance(30) && value.json !== null;
    this.#definitions.set(name, `$${name}: ${type.toString()}${hasDefault ? ` = ${value.literal}` : ''}`);
    const mayBeAbsent = hasDefault || !isNonNullType(type);
    if (!mayBeAbsent || this.#picker.chance(60)) this.#values[name] = value.json;
    return `$${name}`;
  }
}

function inputValue(type: GraphQLInputType, picker: Picker): InputValue {
  const nullable = getNullableType(type);
  if (!isNonNullType(type) && picker.chance(10)) return { literal: 'null', json: null };
  if (isListType(nullable)) {
    const items = Array.from({ length: picker.integer(0, 2) }, () => inputValue(nullable.ofType, picker));
    return { literal: `[${items.map(({ literal }) => literal).join(', ')}]`, json: items.map(({ json }) => json) };
  }
  if (isInputObjectType(nullable)) {
    const fields = picker
      .some(Object.values(nullable.getFields()), 0)
      .map((field) => [field.name, inputValue(field.type, picker)] as const);
    const literal = `{ ${fields.map(([name, value]) => `${name}: ${value.literal}`).join(', ')} }`;
    return { literal, json: Object.fromEntries(fields.map(([name, { json }]) => [name, json])) };
  }
  if (isEnumType(nullable)) {
    const { name } = picker.pick(nullable.getValues());
    return { literal: name, json: name };
  }
  const json =
    { Int: picker.integer(0, 3), Float: 1.5, Boolean: picker.chance(50) }[nullable.name] ?? picker.pick(['x', 'a "quoted" text']);
  return { literal: JSON.stringify(json), json };
}
