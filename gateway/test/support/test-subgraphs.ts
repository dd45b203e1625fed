import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { buildSubgraphSchema, type GraphQLResolverMap } from '@apollo/subgraph';
import type { TenantContext } from '@tenantry/auth';
import { parse, type GraphQLSchema } from 'graphql';
import { libraryResolvers } from './library-resolvers.ts';
import { peopleResolvers } from './people-resolvers.ts';

/** What resolvers of the test subgraphs are given. */
export interface TestContext {
  readonly tenant: TenantContext;
  readonly requestId: string | undefined;
  /** Names of the HTTP headers that came with the operation; none in process. */
  readonly headers: readonly string[];
  readonly signal: AbortSignal | undefined;
}

export interface TestSubgraph {
  readonly name: string;
  readonly schemaPath: string;
  readonly schema: GraphQLSchema;
}

export const testSubgraphs: readonly TestSubgraph[] = [
  defineTestSubgraph('library', libraryResolvers),
  defineTestSubgraph('people', peopleResolvers),
];

function defineTestSubgraph(name: string, resolvers: GraphQLResolverMap<TestContext>): TestSubgraph {
  const schemaPath = fileURLToPath(new URL(`../subgraphs/${name}/schema.graphql`, import.meta.url));
  const typeDefs = parse(readFileSync(schemaPath, 'utf8'));
  return { name, schemaPath, schema: buildSubgraphSchema([{ typeDefs, resolvers }]) };
}
