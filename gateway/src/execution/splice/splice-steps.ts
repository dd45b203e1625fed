import type { FetchNode } from '@apollo/query-planner';
import { isScanned, type ScannedAnswer } from '../../transports/scanned-answer.ts';
import type { SubgraphOperation } from '../../transports/subgraph-transport.ts';
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
    const list = represent(run);
    const { texts, places } = list;
    if (texts.length === 0) return;
    if (list.isAmbiguous) return run.surprise();
    const { json: representations } = list;
    const answer = await ask(run, node, { query, operationName, variables: variablesFor(node, run.request), representations, scan });
    if (!answer) return;
    const { tape } = answer;
    const [records] = tape;
    if (records === undefined || tape[records] !== texts.length) return run.surprise();
    run.take(fetch, answer);
    run.takeEntities(
      fetch,
      places.map((place) => tape[records + 1 + place]!),
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
    const exchange = { subgraph, operation, answer: run.request.fetch(subgraph, operation, operationKind) };
    run.exchanges.push(exchange);
    const answer = await exchange.answer;
    if (isScanned(answer)) return answer;
  } catch {
    // The general way gets the same exchange, and says what is wrong.
  }
  run.surprise();
  return null;
}
