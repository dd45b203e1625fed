import type { Picker } from '../../support/picker.ts';
import type { FieldDraft, SchemaDraft, SubgraphDraft } from './draft.ts';

const leaves = ['String', 'Int', 'Float', 'Boolean', 'ID', 'Color', 'Json'] as const;
const wrappings = ['T', 'T', 'T', 'T!', 'T!', '[T]', '[T!]', '[T!]!', '[T]!', '[[T]]', '[[T!]!]', '[[T]!]!'] as const;
const argumentLists = [
  '(x: Int)',
  '(x: Int! = 7, color: Color)',
  '(color: Color!)',
  '(filter: Filter)',
  '(tags: [String!] = ["a"])',
] as const;

export function leafType(picker: Picker): string {
  return wrapped(picker, picker.pick(leaves));
}

/** A leaf or something of what `subgraph` declares. */
function outputType(draft: SchemaDraft, subgraph: SubgraphDraft): string {
  const { picker, valueTypes, isConcrete } = draft;
  const declared = [...subgraph.types.keys(), ...subgraph.unions.keys()];
  const composite = declared.filter((name) => name !== 'Query' && name !== 'Mutation' && !name.endsWith('Split'));
  const kind = picker.pick(['leaf', 'leaf', 'value', 'composite', 'composite'] as const);
  if (kind === 'leaf') return leafType(picker);
  const named = picker.pick(kind === 'value' || composite.length === 0 ? valueTypes : composite);
  return isConcrete ? withoutInnerLists(wrapped(picker, named)) : wrapped(picker, named);
}

export function anyField(draft: SchemaDraft, subgraph: SubgraphDraft): FieldDraft {
  const { picker } = draft;
  return { args: picker.chance(25) ? picker.pick(argumentLists) : '', type: outputType(draft, subgraph), directives: [] };
}

export function leafField(picker: Picker): FieldDraft {
  return { args: picker.chance(15) ? picker.pick(argumentLists) : '', type: leafType(picker), directives: [] };
}

/** A type with one list at most. */
export function withoutInnerLists(type: string): string {
  return type.replace(/\[(\[.*\])!?\]/, '$1');
}

function wrapped(picker: Picker, named: string): string {
  return picker.pick(wrappings).replace('T', named);
}
