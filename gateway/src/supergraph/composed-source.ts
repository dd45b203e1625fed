import { composeSupergraph, type SubgraphSource } from '../composition/compose-supergraph.ts';
import type { SupergraphSource } from './supergraph-source.ts';

/** The supergraph of subgraphs whose schema files are here; it is composed when it is read. */
export function composedSource(subgraphs: readonly SubgraphSource[]): SupergraphSource {
  return {
    origin: 'the schema files of the subgraphs',
    pollMs: null,
    read: async () => composeSupergraph(subgraphs),
  };
}
