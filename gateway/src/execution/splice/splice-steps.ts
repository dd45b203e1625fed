import type { FetchNode } from '@apollo/query-planner';
import type { ScannedAnswer, SubgraphOperation } from '../../transports/subgraph-transport.ts';
import { variablesFor } from '../plan/fetch-step.ts';
import type { ObjectLayout } from './answer-layout.ts';
import type { RepresentationList } from './representation-list.ts';
import { entitiesScanner, rootScanner } from './scan-answer.ts';
import type { SpliceRun } from './splice-run.ts';

/** A compiled part of a plan. It never rejects: what cannot be spliced is a surprise to the run. */
export type SpliceStep = (run: SpliceRun) => Promise<void>;

export function fetchRoot(node: FetchNode, fetch: number, layout: ObjectLayout): SpliceStep {
  const scan = rootScanner(layout);
  const { operation: query, operationName } = node;
  return async (run) => {
    const answer = await ask(run, node, { query, operationName, variables: variablesFor(node, run.request), scan });
    if (answer) run.take(fetch, answer);
  };
}

export interface EntityStepOptions {
  readonly fetch: number;
  readonly layout: ObjectLayout;
  readonly represent: (run: SpliceRun) => RepresentationList;
}

export function fetchEntities(node: FetchNode, { fetch, layout, represent }: EntityStepOptions): SpliceStep {
  const scan = entitiesScanner(layout);
  const { operation: query, operationName } = node;
  return async (run) => {
    const { texts, places, hasEscapes } = represent(run);
    if (texts.length === 0) return;
    if (hasEscapes) return run.surprise();
    const representations = `[${texts.join(',')}]`;
    const answer = await ask(run, node, { query, operationName, variables: variablesFor(node, run.request), representations, scan });
    if (!answer) return;
    const [list] = answer.tape;
    const { tape } = answer;
    if (list === undefined || tape[list] !== texts.length) return run.surprise();
    run.take(fetch, answer);
    run.takeEntities(
      fetch,
      places.map((place) => tape[list + 1 + place]!),
    );
  };
}

/** Null for an answer that is not to be spliced. */
async function ask(
  run: SpliceRun,
  { serviceName: subgraph, operationKind }: FetchNode,
  operation: SubgraphOperation,
): Promise<ScannedAnswer | null> {
  try {
    const answer = await run.request.fetch(subgraph, operation, operationKind);
    run.exchanges.push({ subgraph, operation, outcome: { answer } });
    if ('tape' in answer) return answer;
  } catch (error) {
    run.exchanges.push({ subgraph, operation, outcome: { error } });
  }
  run.surprise();
  return null;
}
