import type { Picker } from '../../support/picker.ts';
import { declareType, ownField, type EntityDraft, type FieldDraft, type SchemaDraft, type SubgraphDraft } from './draft.ts';
import { leafType } from './field-types.ts';

/** Interfaces over entities of one subgraph; some implementers have the field from another subgraph. */
export function addInterfaces(draft: SchemaDraft): void {
  const { picker } = draft;
  for (const [index, subgraph] of draft.subgraphs.entries()) {
    const entities = entitiesIn(draft, subgraph);
    if (entities.length < 2 || !picker.chance(60)) continue;
    const name = `I${index}`;
    const field = `i${index}`;
    const type = picker.pick([leafType(picker), 'Shape', '[Shape!]']).replace(/!$/, '');
    declareType(subgraph, name, 'interface').fields.set(field, { args: '', type, directives: [] });
    // Types that differ only so much make the planner ask for the field under several names.
    for (const entity of picker.some(entities, 2)) implement(draft, entity, subgraph, { name, field, type: narrowed(picker, type) });
  }
}

/** A type that may stand for another in what implements an interface. */
function narrowed(picker: Picker, type: string): string {
  return type.replace('Shape', picker.pick(['Shape', 'Shape0', 'Shape1'])) + picker.pick(['', '!']);
}

function implement(
  { picker }: SchemaDraft,
  entity: EntityDraft,
  subgraph: SubgraphDraft,
  { name, field, type }: { name: string; field: string; type: string },
): void {
  declareType(subgraph, entity.name).interfaces.add(name);
  const elsewhere = entity.subgraphs.filter((other) => other !== subgraph);
  const draft: FieldDraft = { args: '', type, directives: [] };
  if (elsewhere.length === 0 || picker.chance(60)) {
    ownField(entity, subgraph, field, draft);
    return;
  }
  declareType(subgraph, entity.name).fields.set(field, { ...draft, directives: ['@external'] });
  ownField(entity, picker.pick(elsewhere), field, draft);
}

/** Unions over entities, value types and a type that clients do not see. */
export function addUnions(draft: SchemaDraft): void {
  const { picker, library } = draft;
  for (const [index, subgraph] of draft.subgraphs.entries()) {
    const objects = [...entitiesIn(draft, subgraph).map(({ name }) => name), 'Shape0', 'Shape1'];
    if (!picker.chance(60)) continue;
    const members = picker.some(objects, 2);
    if (picker.chance(30)) {
      library.set('Secret', 'type Secret @inaccessible @shareable { hint: String }');
      members.push('Secret');
    }
    subgraph.unions.set(`U${index}`, { members });
  }
}

export function entitiesIn({ entities }: SchemaDraft, subgraph: SubgraphDraft): EntityDraft[] {
  return entities.filter(({ subgraphs }) => subgraphs.includes(subgraph));
}
