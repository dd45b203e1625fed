import { entitiesIn } from './abstract-types.ts';
import { declareType, type SchemaDraft } from './draft.ts';
import { anyField, withoutInnerLists } from './field-types.ts';

/** Queries and mutations in every subgraph, and queries that several subgraphs answer. */
export function addRootFields(draft: SchemaDraft): void {
  const { picker, subgraphs, entities } = draft;
  for (const [index, subgraph] of subgraphs.entries()) {
    const query = declareType(subgraph, 'Query').fields;
    for (const { name } of entitiesIn(draft, subgraph)) {
      if (picker.chance(50)) query.set(`${name.toLowerCase()}In${index}`, { args: '', type: listOf(draft, name), directives: [] });
    }
    for (const abstract of [...subgraph.types.keys(), ...subgraph.unions.keys()].filter((name) => /^(?:[IU]\d|Media)$/.test(name))) {
      query.set(`${abstract.toLowerCase()}In${index}`, { args: '', type: listOf(draft, abstract), directives: [] });
    }
    const count = picker.integer(1, 2);
    for (let more = 0; more < count; more++) query.set(`q${index}${more}`, anyField(draft, subgraph));
    const mutations = picker.integer(0, 2);
    for (let more = 0; more < mutations; more++)
      declareType(subgraph, 'Mutation').fields.set(`m${index}${more}`, anyField(draft, subgraph));
  }
  for (const { name, subgraphs: having } of entities) {
    if (!picker.chance(30)) continue;
    const type = listOf(draft, name);
    for (const subgraph of having) {
      declareType(subgraph, 'Query').fields.set(`every${name}`, { args: '', type, directives: ['@shareable'] });
    }
  }
}

function listOf({ picker, isConcrete }: SchemaDraft, name: string): string {
  const type = picker.pick(['T', '[T]', '[T!]', '[T!]!', '[[T]]', '[[T!]!]']).replace('T', name);
  return isConcrete ? withoutInnerLists(type) : type;
}
