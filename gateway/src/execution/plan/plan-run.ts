import type { GraphQLError, OperationTypeNode } from 'graphql';
import type { SubgraphAnswer, SubgraphOperation, SubgraphResult } from '../../transports/subgraph-transport.ts';
import type { ConcretePath } from './entities.ts';
import type { JsonObject } from '../json.ts';

/** Sends one operation of a plan to a subgraph. Rejects when there is no answer. What it resolves with becomes the executor's own. */
export type FetchFromSubgraph = (subgraph: string, operation: SubgraphOperation, kind: OperationTypeNode) => Promise<SubgraphAnswer>;

/** Subscribes to a subgraph. What each event brings becomes the executor's own. */
export type SubscribeToSubgraph = (subgraph: string, operation: SubgraphOperation) => AsyncIterable<SubgraphResult>;

/** One execution of a plan: what came with the request, and what has been gathered so far. */
export interface PlanRun {
  /** As the client sent them. */
  readonly variables: Readonly<Record<string, unknown>>;
  readonly fetch: FetchFromSubgraph;
  /** The answers of all subgraphs so far, merged. */
  readonly data: JsonObject;
  readonly errors: GraphQLError[];
  /** Told of the fetches that parts of the plan depend on, once their answers are in `data`. */
  readonly onFetched?: (fetchId: string) => void;
}

/** The objects that a part of a plan works on: those at a path of the data. */
export interface Cursor {
  readonly path: readonly (string | number)[];
  readonly entities: readonly JsonObject[];
  /** Where each entity is, in the same order; undefined if it is no longer there. Worked out on demand: only errors need to know. */
  locate(): readonly (ConcretePath | undefined)[];
}

/** A compiled part of a plan. It never rejects for what a subgraph does: that becomes errors of the run. */
export type Step = (run: PlanRun, cursor: Cursor) => Promise<void>;

export function startRun({ variables, fetch }: Pick<PlanRun, 'variables' | 'fetch'>): PlanRun {
  return { variables, fetch, data: {}, errors: [] };
}

export function cursorAtRoot({ data }: PlanRun): Cursor {
  return { path: [], entities: [data], locate: () => [[]] };
}
