import { declareType, namedType, ownField, plainOwnedFields, type EntityDraft, type SchemaDraft, type SubgraphDraft } from './draft.ts';
import { anyField, leafField, leafType } from './field-types.ts';

/** Fields that entities have in single subgraphs, leaves first so that later ones can depend on them. */
export function addOwnFields(draft: SchemaDraft): void {
  const { picker, isConcrete } = draft;
  for (const entity of draft.entities) {
    let index = 0;
    for (const subgraph of entity.subgraphs) {
      ownField(entity, subgraph, `f${index++}`, leafField(picker));
      const count = picker.integer(0, 3);
      for (let more = 0; more < count; more++) ownField(entity, subgraph, `f${index++}`, anyField(draft, subgraph));
      if (picker.chance(40)) {
        const shape = isConcrete ? 'Shape0' : 'Shape';
        const type = picker.pick(['Shape0', 'Shape0!', '[Shape1]', '[Shape1!]!', shape, '[[Shape1]]', 'Grid', 'String', 'Int!']);
        ownField(entity, subgraph, `f${index++}`, { args: '', type, directives: [] });
      }
    }
  }
}

/** A value type whose fields lie in two subgraphs, reached through a field that both resolve. */
export function addSplitValues({ picker, entities }: SchemaDraft): void {
  for (const { name, subgraphs } of entities) {
    const [one, other] = picker.some(subgraphs, 2);
    if (!one || !other || !picker.chance(50)) continue;
    const split = `${name}Split`;
    const type = picker.pick(['T', 'T!', '[T]', '[T!]!', '[[T]]']).replace('T', split);
    const common = leafType(picker);
    for (const subgraph of [one, other]) {
      declareType(subgraph, name).fields.set('split', { args: '', type, directives: ['@shareable'] });
      const own = subgraph === one ? 'one' : 'other';
      declareType(subgraph, split)
        .fields.set('common', { args: '', type: common, directives: ['@shareable'] })
        .set(own, { args: '', type: leafType(picker), directives: [] });
    }
  }
}

/** Fields computed from those of another subgraph. */
export function addRequires({ picker, entities, isConcrete }: SchemaDraft): void {
  for (const entity of entities) {
    for (const [index, subgraph] of entity.subgraphs.entries()) {
      const sources = plainOwnedFields(entity).filter(({ name, owner }) => owner !== subgraph && !hasField(subgraph, entity, name));
      if (sources.length === 0 || !picker.chance(60)) continue;
      const required = picker
        .some(sources, 1)
        .slice(0, 2)
        .map(({ name, field }) => ({ name, field, selection: requiredSelection(name, namedType(field.type), isConcrete) }))
        .filter(({ selection }) => selection !== undefined);
      if (required.length === 0) continue;
      for (const { name, field } of required) declareType(subgraph, entity.name).fields.set(name, { ...field, directives: ['@external'] });
      const selections = required.map(({ selection }) => selection);
      const directives = [`@requires(fields: "${selections.join(' ')}")`];
      ownField(entity, subgraph, `r${index}`, { args: '', type: leafType(picker), directives });
    }
  }
}

const leafNames = new Set(['String', 'Int', 'Float', 'Boolean', 'ID', 'Color', 'Json']);
const requiredOfValues: Readonly<Record<string, string>> = {
  Shape0: '{ common next { f1 } }',
  Shape1: '{ common f1 }',
  Shape: '{ common ... on Shape0 { f0 next { f0 } } }',
  Grid: '{ rows { f0 common } }',
};

function requiredSelection(name: string, type: string, isLeaf: boolean): string | undefined {
  if (leafNames.has(type)) return name;
  const selection = isLeaf ? undefined : requiredOfValues[type];
  return selection && `${name} ${selection}`;
}

/** Fields that answer some of an entity's other subgraphs' fields on their way. */
export function addProvides({ picker, entities }: SchemaDraft): void {
  for (const entity of entities) {
    for (const [index, subgraph] of entity.subgraphs.entries()) {
      const provided = plainOwnedFields(entity).find(
        ({ name, owner, field }) => owner !== subgraph && !hasField(subgraph, entity, name) && leafNames.has(namedType(field.type)),
      );
      if (!provided || !picker.chance(50)) continue;
      const { name, owner, field } = provided;
      declareType(owner, entity.name).fields.set(name, { ...field, directives: ['@shareable'] });
      declareType(subgraph, entity.name).fields.set(name, { ...field, directives: ['@external'] });
      const type = picker.pick(['T', 'T!', '[T]', '[T!]!']).replace('T', entity.name);
      const directives = [`@provides(fields: "${name}")`];
      declareType(subgraph, 'Query').fields.set(`provide${entity.name}${index}`, { args: '', type, directives });
    }
  }
}

/** Fields that moved from one subgraph to another, and fields that clients do not see. */
export function addMovedAndHidden({ picker, entities }: SchemaDraft): void {
  for (const entity of entities) {
    const [from, to] = picker.some(entity.subgraphs, 2);
    if (from && to && picker.chance(40)) {
      const type = leafType(picker);
      declareType(from, entity.name).fields.set('moved', { args: '', type, directives: [] });
      declareType(to, entity.name).fields.set('moved', { args: '', type, directives: [`@override(from: "${from.name}")`] });
    }
    if (from && picker.chance(30)) {
      declareType(from, entity.name).fields.set('hidden', { args: '', type: leafType(picker), directives: ['@inaccessible'] });
    }
  }
}

function hasField(subgraph: SubgraphDraft, entity: EntityDraft, field: string): boolean {
  return subgraph.types.get(entity.name)?.fields.has(field) ?? false;
}
