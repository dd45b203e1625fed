import type { Picker } from '../../support/picker.ts';

export interface FieldDraft {
  /** With parentheses; empty for none. */
  readonly args: string;
  readonly type: string;
  readonly directives: readonly string[];
}

/** An object or interface type as one subgraph declares it. */
export interface TypeDraft {
  readonly kind: 'type' | 'interface';
  readonly interfaces: Set<string>;
  readonly directives: string[];
  readonly fields: Map<string, FieldDraft>;
}

export interface SubgraphDraft {
  readonly name: string;
  readonly types: Map<string, TypeDraft>;
  readonly unions: Map<string, { readonly members: readonly string[] }>;
}

/** An entity, whose hub has all of its keys and so reaches every other subgraph of it. */
export interface EntityDraft {
  readonly name: string;
  readonly hub: SubgraphDraft;
  readonly subgraphs: readonly SubgraphDraft[];
  /** Names of the fields that are a part of some key. */
  readonly keyFields: Set<string>;
  /** The subgraph that resolves each field that is of one subgraph only. */
  readonly owners: Map<string, SubgraphDraft>;
}

/** What the parts of schema generation add to, one after the other. */
export interface SchemaDraft {
  readonly picker: Picker;
  /**
   * Whether every object is of one type that the schema names, in no list within a list and in no key: such responses are mostly spliced.
   */
  readonly isConcrete: boolean;
  readonly subgraphs: readonly SubgraphDraft[];
  readonly entities: EntityDraft[];
  /** Definitions that are the same in every subgraph that names them: value types, enums, scalars, inputs. */
  readonly library: Map<string, string>;
  /** Those of the library that are objects or interfaces of objects. */
  readonly valueTypes: string[];
}

export function declareType(subgraph: SubgraphDraft, name: string, kind: TypeDraft['kind'] = 'type'): TypeDraft {
  const declared = subgraph.types.get(name);
  if (declared) return declared;
  const type: TypeDraft = { kind, interfaces: new Set(), directives: [], fields: new Map() };
  subgraph.types.set(name, type);
  return type;
}

/** Adds a field that only `subgraph` resolves. */
export function ownField(entity: EntityDraft, subgraph: SubgraphDraft, name: string, field: FieldDraft): void {
  declareType(subgraph, entity.name).fields.set(name, field);
  entity.owners.set(name, subgraph);
}

/** Of the fields of an entity, those that exactly one subgraph resolves, without arguments. */
export function plainOwnedFields(entity: EntityDraft): { name: string; owner: SubgraphDraft; field: FieldDraft }[] {
  return [...entity.owners].flatMap(([name, owner]) => {
    const field = owner.types.get(entity.name)?.fields.get(name);
    return field && field.args === '' && field.directives.length === 0 ? [{ name, owner, field }] : [];
  });
}

/** The named type inside lists and non-nulls. */
export function namedType(type: string): string {
  return type.replaceAll(/[[\]!]/g, '');
}
