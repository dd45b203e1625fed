import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isTypeDefinitionNode, Kind, parse, type DocumentNode } from 'graphql';
import { fields, type Field } from './data.ts';

/** In the order of the longest chain through them. */
const subgraphNames = ['people', 'teams', 'projects', 'clients', 'billing'];

/** A subgraph of the benchmarks: a schema, and the functions of its fields. */
export interface BenchSubgraph {
  readonly name: string;
  readonly schemaPath: string;
  readonly typeDefs: DocumentNode;
  readonly resolvers: Readonly<Record<string, Readonly<Record<string, Field>>>>;
}

export const benchSubgraphs: readonly BenchSubgraph[] = subgraphNames.map((name) => {
  const schemaPath = join(import.meta.dirname, 'schemas', `${name}.graphql`);
  const typeDefs = parse(readFileSync(schemaPath, 'utf8'));
  return { name, schemaPath, typeDefs, resolvers: resolversOf(typeDefs) };
});

/** Of all fields, those that the schema has; and for each entity, how it is found: it is its reference. */
function resolversOf({ definitions }: DocumentNode): BenchSubgraph['resolvers'] {
  const types = definitions.filter((node) => isTypeDefinitionNode(node)).filter((node) => node.kind === Kind.OBJECT_TYPE_DEFINITION);
  const entries = types.map(({ name, fields: declared = [] }) => {
    const declaredNames = new Set(declared.map((field) => field.name.value));
    const own = Object.entries(fields[name.value] ?? {}).filter(([field]) => declaredNames.has(field));
    const reference: [string, Field][] = name.value === 'Query' ? [] : [['__resolveReference', (entity) => entity]];
    return [name.value, Object.fromEntries([...own, ...reference])] as const;
  });
  return Object.fromEntries(entries);
}
