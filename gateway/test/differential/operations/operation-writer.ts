import { getNamedType, isCompositeType, isUnionType, type GraphQLCompositeType, type GraphQLField, type GraphQLSchema } from 'graphql';
import { fittingTypes, overlap } from '../../support/fitting-types.ts';
import type { Picker } from '../../support/picker.ts';
import { Variables } from './variables.ts';

export interface GeneratedOperation {
  readonly text: string;
  readonly variables: Readonly<Record<string, unknown>>;
  /**
   * Whether every object is asked for something, and nothing is left out by a condition. Else the planner may leave out fields that it
   * finds nothing in, and may make what it fetches for one field depend on the condition of another.
   */
  readonly isPlain: boolean;
}

interface Fragment {
  readonly name: string;
  readonly condition: GraphQLCompositeType;
  readonly text: string;
}

/** Response names that other code than GraphQL's knows. Names of other fields are not here: the planner confuses them with what it adds. */
const oddNames = ['constructor', 'toString', 'hasOwnProperty', '__proto__', 'length', 'then'] as const;

/** How deep selections nest. */
const maxDepth = 5;

const introspections = [
  '__schema { queryType { name } }',
  'types: __schema { mutationType { name fields { name } } }',
  '__type(name: "Shape0") { kind name fields { name type { kind name } } }',
  'nothing: __type(name: "Nothing") { name }',
] as const;

/**
 * Writes one valid operation. Response names are used again wherever the same field is asked for in the same way, so that selections
 * merge.
 */
export class OperationWriter {
  readonly #schema: GraphQLSchema;
  readonly #picker: Picker;
  readonly #variables: Variables;
  readonly #isPlain: boolean;
  readonly #fragments: Fragment[] = [];
  /** What each response name stands for, wherever in the operation it is: two fields under one name would have to be the same. */
  readonly #meanings = new Map<string, string>();

  /** @param mayBePlain whether the planner finds over the schema all that one server would */
  constructor(schema: GraphQLSchema, picker: Picker, mayBePlain: boolean) {
    this.#schema = schema;
    this.#picker = picker;
    this.#variables = new Variables(picker);
    this.#isPlain = mayBePlain && picker.chance(60);
  }

  write(): GeneratedOperation {
    const mutation = this.#schema.getMutationType();
    const isMutation = mutation !== undefined && mutation !== null && this.#picker.chance(20);
    const root = isMutation ? mutation : this.#schema.getQueryType();
    if (!root) throw new Error('The schema has no queries.');
    const introspection = !isMutation && this.#picker.chance(12) ? ` ${this.#picker.pick(introspections)}` : '';
    const selections = this.#selections(root, maxDepth) + introspection;
    const head = `${isMutation ? 'mutation' : 'query'}${this.#picker.chance(30) ? ' Named' : ''}${this.#variables.definitions}`;
    const text = [`${head} { ${selections} }`, ...this.#fragments.map((fragment) => fragment.text)].join('\n');
    return { text, variables: this.#variables.values, isPlain: this.#isPlain };
  }

  #selections(type: GraphQLCompositeType, depth: number): string {
    return Array.from({ length: this.#picker.integer(1, 3) }, () => this.#selection(type, depth)).join(' ');
  }

  #selection(type: GraphQLCompositeType, depth: number): string {
    const way =
      depth === 0 ? 'typename' : this.#picker.pick(['field', 'field', 'field', 'field', 'field', 'inline', 'spread', 'typename'] as const);
    if (way === 'typename') return this.#typename();
    if (way === 'spread') return this.#spread(type, depth);
    if (way === 'inline' || isUnionType(type)) return this.#inlineFragment(type, depth);
    return this.#field(Object.values(type.getFields()), depth);
  }

  #typename(): string {
    const name = this.#picker.chance(40) ? this.#nameFor('__typename', '__typename', ['kind', ...oddNames]) : '__typename';
    return `${name === '__typename' ? name : `${name}: __typename`}${this.#picker.chance(10) ? this.#directives() : ''}`;
  }

  #field(fields: readonly GraphQLField<unknown, unknown>[], depth: number): string {
    const nested = fields.filter(({ type }) => isCompositeType(getNamedType(type)));
    const field = this.#picker.pick(nested.length > 0 && this.#picker.chance(50) ? nested : fields);
    const args = this.#variables.argumentsFor(field.args);
    const name = this.#nameFor(field.name, `${field.name}${args}: ${field.type.toString()}`, this.#picker.chance(8) ? oddNames : []);
    const type = getNamedType(field.type);
    const anchor = this.#isPlain ? '__typename ' : '';
    const selections = isCompositeType(type) ? ` { ${anchor}${this.#selections(type, depth - 1)} }` : '';
    return `${name === field.name ? name : `${name}: ${field.name}`}${args}${this.#directives()}${selections}`;
  }

  /** A response name that has this meaning or none yet; rather one of those given. */
  #nameFor(field: string, meaning: string, preferred: readonly string[]): string {
    const aliases = Array.from({ length: this.#meanings.size + 1 }, (_, index) => `${field.replace('__', '')}_${index}`);
    const candidates = [
      ...(preferred.length > 0 ? [this.#picker.pick(preferred)] : []),
      ...(this.#picker.chance(75) ? [field] : []),
      ...aliases,
    ];
    const free = candidates.find((name) => (this.#meanings.get(name) ?? meaning) === meaning);
    if (free === undefined) throw new Error(`There is no name left for ${field}.`);
    this.#meanings.set(free, meaning);
    return free;
  }

  #inlineFragment(type: GraphQLCompositeType, depth: number): string {
    if (this.#picker.chance(10) && !isUnionType(type)) return `...${this.#directives()} { ${this.#selections(type, depth - 1)} }`;
    const condition = this.#picker.pick(fittingTypes(this.#schema, type));
    return `... on ${condition.name}${this.#directives()} { ${this.#selections(condition, depth - 1)} }`;
  }

  /** Of a fragment of its own, or of one that is spread elsewhere too. */
  #spread(type: GraphQLCompositeType, depth: number): string {
    const fitting = this.#fragments.filter(({ condition }) => overlap(this.#schema, condition, type));
    const fragment = fitting.length > 0 && this.#picker.chance(50) ? this.#picker.pick(fitting) : this.#fragment(type, depth);
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
    if (this.#picker.chance(80)) return '';
    const name = this.#picker.pick(['skip', 'include'] as const);
    const isKept = this.#isPlain || this.#picker.chance(75);
    const condition = !this.#isPlain && this.#picker.chance(70) ? this.#variables.condition() : String((name === 'include') === isKept);
    return ` @${name}(if: ${condition})`;
  }
}
