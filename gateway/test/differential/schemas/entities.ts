import type { Picker } from '../../support/picker.ts';
import { declareType, type EntityDraft, type FieldDraft, type SchemaDraft, type SubgraphDraft } from './draft.ts';

interface KeyDraft {
  readonly selection: string;
  readonly fields: Readonly<Record<string, string>>;
  /** Value types that the key names, for the library. */
  readonly types: Readonly<Record<string, string>>;
}

/** Two to four entities, with their keys and nothing else yet. */
export function addEntities(draft: SchemaDraft): void {
  const count = draft.picker.integer(2, 4);
  for (let index = 0; index < count; index++) addEntity(draft, `E${index}`, draft.picker.some(draft.subgraphs, 2));
}

export function addEntity(draft: SchemaDraft, name: string, subgraphs: readonly SubgraphDraft[]): EntityDraft {
  const { picker, library, entities, isConcrete } = draft;
  const entity: EntityDraft = { name, hub: picker.pick(subgraphs), subgraphs, keyFields: new Set(), owners: new Map() };
  const keys = picker.some(isConcrete ? leafKeys(picker) : [...leafKeys(picker), objectKey(name, picker)], 1);
  for (const { types, fields } of keys) {
    for (const [type, definition] of Object.entries(types)) library.set(type, definition);
    for (const field of Object.keys(fields)) entity.keyFields.add(field);
  }
  for (const subgraph of subgraphs) {
    for (const key of subgraph === entity.hub ? keys : picker.some(keys, 1)) addKey(subgraph, name, key);
  }
  entities.push(entity);
  return entity;
}

function addKey(subgraph: SubgraphDraft, entity: string, { selection, fields }: KeyDraft): void {
  const type = declareType(subgraph, entity);
  type.directives.push(`@key(fields: "${selection}")`);
  // Of a key in the hub only, a field may be in another subgraph's key as well.
  for (const [name, fieldType] of Object.entries(fields)) type.fields.set(name, keyField(fieldType));
}

function keyField(type: string): FieldDraft {
  return { args: '', type, directives: [] };
}

function leafKeys(picker: Picker): KeyDraft[] {
  return [
    { selection: 'id', fields: { id: picker.pick(['ID!', 'ID!', 'String!']) }, types: {} },
    { selection: 'sku', fields: { sku: picker.pick(['Int!', 'String!', 'ID', 'Json!', 'Float']) }, types: {} },
    { selection: 'part rank', fields: { part: 'String!', rank: 'Int!' }, types: {} },
  ];
}

function objectKey(entity: string, picker: Picker): KeyDraft {
  const place = `${entity}Place`;
  return {
    selection: 'place { code inner { id } }',
    fields: { place: picker.pick([`${place}!`, place]) },
    types: {
      [place]: `type ${place} @shareable { code: String! inner: ${place}Inner! }`,
      [`${place}Inner`]: `type ${place}Inner @shareable { id: ID! }`,
    },
  };
}
