import type { SubgraphAnswer, SubgraphOperation } from '../../transports/subgraph-transport.ts';
import { copyJson } from '../../transports/resilience/copy-json.ts';
import type { FetchFromSubgraph } from '../plan/plan-run.ts';

/** What a subgraph was asked, and what came of it. */
export interface Exchange {
  readonly subgraph: string;
  readonly operation: SubgraphOperation;
  readonly outcome: { readonly answer: SubgraphAnswer } | { readonly error: unknown };
}

/** Answers what was asked before with what came of it then, and asks subgraphs for the rest. Variables but representations are the same. */
export function replaying(exchanges: readonly Exchange[], fetch: FetchFromSubgraph): FetchFromSubgraph {
  const outcomes = new Map(exchanges.map(({ subgraph, operation, outcome }) => [keyOf(subgraph, operation), outcome]));
  return async (subgraph, operation, kind) => {
    const outcome = outcomes.get(keyOf(subgraph, operation));
    if (!outcome) return await fetch(subgraph, operation, kind);
    if ('error' in outcome) throw outcome.error;
    return 'tape' in outcome.answer ? outcome.answer : copyJson(outcome.answer);
  };
}

function keyOf(subgraph: string, { query, variables, representations }: SubgraphOperation): string {
  return JSON.stringify([subgraph, query, representations ?? JSON.stringify(variables?.['representations'] ?? null)]);
}
