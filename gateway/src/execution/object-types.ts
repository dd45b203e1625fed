import { isAbstractType, isInterfaceType, type GraphQLSchema } from 'graphql';

/** Which `__typename`s satisfy a type condition, in the supergraph. */
export class ObjectTypes {
  readonly #schema: GraphQLSchema;
  readonly #namesByCondition = new Map<string, ReadonlySet<string>>();

  /** @param schema the supergraph's, with what is inaccessible to clients */
  constructor(schema: GraphQLSchema) {
    this.#schema = schema;
  }

  /** The condition's own name, those of its object types and those of the interfaces that implement it. */
  satisfying(condition: string): ReadonlySet<string> {
    const known = this.#namesByCondition.get(condition);
    if (known) return known;
    const names = new Set([condition, ...this.#subtypesOf(condition)]);
    this.#namesByCondition.set(condition, names);
    return names;
  }

  /** Whether a `__typename` is an interface's, as that of an interface object is. */
  isInterface(typename: unknown): boolean {
    return typeof typename === 'string' && isInterfaceType(this.#schema.getType(typename));
  }

  #subtypesOf(condition: string): string[] {
    const type = this.#schema.getType(condition);
    if (!isAbstractType(type)) return [];
    const objects = this.#schema.getPossibleTypes(type);
    // The object that stands for an interface in a subgraph bears the interface's name.
    const interfaces = isInterfaceType(type) ? this.#schema.getImplementations(type).interfaces : [];
    return [...objects, ...interfaces].map(({ name }) => name);
  }
}
