import { Supergraph } from '@apollo/federation-internals';
import type { GraphQLSchema } from 'graphql';
import { takeAccessRules, type AccessRules, type RuledSupergraph } from '../../src/authorization/take-access-rules.ts';
import { composeSupergraph } from '../../src/composition/compose-supergraph.ts';
import { testSubgraphs } from './test-subgraphs.ts';

/** What clients of the test subgraphs see, and the rules over it. */
export function testApi(): { schema: GraphQLSchema; rules: AccessRules } {
  const { supergraphSdl, rules } = ruledTestSupergraph();
  return { schema: Supergraph.build(supergraphSdl).apiSchema().toGraphQLJSSchema(), rules };
}

export function ruledTestSupergraph(): RuledSupergraph {
  return takeAccessRules(composeSupergraph(testSubgraphs.map(({ name, schemaPath }) => ({ name, schemaPath, url: `subgraph:${name}` }))));
}
