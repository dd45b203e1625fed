import type { SubgraphAnswer, SubgraphOperation } from '../../transports/subgraph-transport.ts';
import type { FetchFromSubgraph } from '../plan/plan-run.ts';

/** What a subgraph was asked, and what comes of it. */
export interface Exchange {
  readonly subgraph: string;
  readonly operation: SubgraphOperation;
  readonly answer: Promise<SubgraphAnswer>;
}

/**
 * Answers what was asked before with what came of it then, each exchange once and those in the same words in their order, and asks
 * subgraphs for the rest. Variables but representations are the same.
 */
export function replaying(exchanges: readonly Exchange[], fetch: FetchFromSubgraph): FetchFromSubgraph {
  const left = Map.groupBy(exchanges, ({ subgraph, operation }) => keyOf(subgraph, operation));
  return async (subgraph, operation, kind) => {
    const exchange = left.get(keyOf(subgraph, operation))?.shift();
    return await (exchange ? exchange.answer : fetch(subgraph, operation, kind));
  };
}

function keyOf(subgraph: string, { query, variables, representations }: SubgraphOperation): string {
  return JSON.stringify([subgraph, query, representations ?? JSON.stringify(variables?.['representations'] ?? null)]);
}
