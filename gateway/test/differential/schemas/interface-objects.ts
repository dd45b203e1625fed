import { declareType, ownField, type SchemaDraft } from './draft.ts';
import { addEntity } from './entities.ts';
import { anyField, leafField } from './field-types.ts';

/** An interface with a key in one subgraph, which others know as one object type with fields of their own. */
export function addInterfaceObject(draft: SchemaDraft): void {
  const { picker } = draft;
  const [home, ...others] = draft.subgraphs;
  if (!home || !picker.chance(50)) return;
  const media = declareType(home, 'Media', 'interface');
  media.directives.push('@key(fields: "id")');
  media.fields.set('id', { args: '', type: 'ID!', directives: [] }).set('m', { args: '', type: 'String', directives: [] });
  const guests = picker.some(others, 1);
  const free = others.filter((other) => !guests.includes(other));
  for (const name of ['Book', 'Film']) {
    const entity = addEntity(draft, name, [home, ...picker.some(free, 0)]);
    for (const subgraph of entity.subgraphs) withIdKey(declareType(subgraph, name).directives, declareType(subgraph, name).fields);
    declareType(home, name).interfaces.add('Media');
    ownField(entity, home, 'm', { args: '', type: picker.pick(['String', 'String!']), directives: [] });
  }
  for (const [index, guest] of guests.entries()) {
    const object = declareType(guest, 'Media');
    object.directives.push('@interfaceObject', '@key(fields: "id")');
    object.fields.set('id', { args: '', type: 'ID!', directives: [] });
    object.fields.set(`g${index}`, leafField(picker)).set(`h${index}`, anyField(draft, guest));
  }
}

function withIdKey(directives: string[], fields: Map<string, { args: string; type: string; directives: readonly string[] }>): void {
  fields.set('id', { args: '', type: 'ID!', directives: [] });
  if (!directives.includes('@key(fields: "id")')) directives.push('@key(fields: "id")');
}
