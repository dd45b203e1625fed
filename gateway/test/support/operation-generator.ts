import * as fc from 'fast-check';
import { getNamedType, isCompositeType, isUnionType, type GraphQLCompositeType, type GraphQLField, type GraphQLSchema } from 'graphql';
import { fittingTypes, overlap } from './fitting-types.ts';
import { Picker } from './picker.ts';

/** How deep generated selections nest. */
const maxDepth = 4;

/**
 * Valid operations over `schema`, with the same field reached in all the ways there are: under aliases, in inline and named
 * fragments, through interfaces and unions, behind `@skip` and `@include` with constants and with variables.
 */
export function operations(schema: GraphQLSchema): fc.Arbitrary<string> {
  return fc.gen().map((generate) => new OperationWriter(schema, new Picker(generate)).write());
}

interface Fragment {
  readonly name: string;
  readonly condition: GraphQLCompositeType;
  readonly text: string;
}

class OperationWriter {
  readonly #schema: GraphQLSchema;
  readonly #picker: Picker;
  readonly #fragments: Fragment[] = [];
  #aliases = 0;

  constructor(schema: GraphQLSchema, picker: Picker) {
    this.#schema = schema;
    this.#picker = picker;
  }

  write(): string {
    const kind = this.#picker.pick(['query', 'query', 'query', 'mutation'] as const);
    const root = kind === 'query' ? this.#schema.getQueryType() : this.#schema.getMutationType();
    if (!root) throw new Error(`The schema has no ${kind}.`);
    const selections = this.#selections(root, maxDepth);
    return [`${kind}($yes: Boolean! = true, $no: Boolean! = false) { used: __typename @include(if: $yes) @skip(if: $no) ${selections} }`]
      .concat(this.#fragments.map(({ text }) => text))
      .join('\n');
  }

  #selections(type: GraphQLCompositeType, depth: number): string {
    const count = this.#picker.integer(1, 3);
    return Array.from({ length: count }, () => this.#selection(type, depth)).join(' ');
  }

  #selection(type: GraphQLCompositeType, depth: number): string {
    const way = depth === 0 ? 'typename' : this.#picker.pick(['field', 'field', 'field', 'inline', 'spread', 'typename'] as const);
    if (way === 'typename') return '__typename';
    if (way === 'spread') return this.#spread(type, depth);
    if (way === 'inline' || isUnionType(type)) return this.#inlineFragment(type, depth);
    return this.#field(Object.values(type.getFields()), depth);
  }

  #field(fields: readonly GraphQLField<unknown, unknown>[], depth: number): string {
    const field = this.#picker.pick(fields);
    const returned = getNamedType(field.type);
    const nested = isCompositeType(returned) ? ` { ${this.#selections(returned, depth - 1)} }` : '';
    return `a${++this.#aliases}: ${field.name}${argumentsOf(field)}${this.#directives()}${nested}`;
  }

  #inlineFragment(type: GraphQLCompositeType, depth: number): string {
    const condition = this.#picker.pick(fittingTypes(this.#schema, type));
    return `... on ${condition.name}${this.#directives()} { ${this.#selections(condition, depth - 1)} }`;
  }

  /** Of a fragment of its own, or of one that is spread elsewhere too. */
  #spread(type: GraphQLCompositeType, depth: number): string {
    const fitting = this.#fragments.filter(({ condition }) => overlap(this.#schema, condition, type));
    const fragment = fitting.length > 0 && this.#picker.pick([true, false]) ? this.#picker.pick(fitting) : this.#fragment(type, depth);
    return `...${fragment.name}${this.#directives()}`;
  }

  #fragment(type: GraphQLCompositeType, depth: number): Fragment {
    const condition = this.#picker.pick(fittingTypes(this.#schema, type));
    const body = this.#selections(condition, depth - 1);
    const name = `F${this.#fragments.length}`;
    const fragment = { name, condition, text: `fragment ${name} on ${condition.name} { ${body} }` };
    this.#fragments.push(fragment);
    return fragment;
  }

  #directives(): string {
    return this.#picker.pick([
      '',
      '',
      '',
      ' @include(if: true)',
      ' @include(if: $yes)',
      ' @skip(if: $no)',
      ' @skip(if: $yes)',
      ' @include(if: $no)',
    ] as const);
  }
}

function argumentsOf({ args }: GraphQLField<unknown, unknown>): string {
  const required = args.filter(({ type }) => type.toString().endsWith('!'));
  const values = required.map(({ name, type }) => `${name}: ${type.toString() === 'Int!' ? '1' : '"x"'}`);
  return values.length > 0 ? `(${values.join(', ')})` : '';
}
