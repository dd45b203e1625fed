import type { QueryPlan } from '@apollo/query-planner';
import type { DocumentNode, OperationDefinitionNode } from 'graphql';
import type { UnspliceableReason } from '../../../src/execution/splice/unspliceable.ts';
import type { WorldOperation } from '../world/faulty-fetch.ts';
import type { SubgraphData } from '../world/subgraph.ts';
import type { WorldSupergraph } from '../world/world-supergraph.ts';

/** An operation with its plan, ready to be executed in any number of worlds. */
export interface PlannedOperation {
  readonly supergraph: WorldSupergraph;
  readonly document: DocumentNode;
  readonly operation: OperationDefinitionNode;
  readonly plan: QueryPlan;
  readonly variables: Readonly<Record<string, unknown>>;
  /** As of a generated operation: whether the plan must find what one server would. */
  readonly isPlain: boolean;
}

/** Whether a response was spliced of the answers' bytes; if not, whether that was tried, or why it never is. */
export type Splicing = 'spliced' | 'surprised' | UnspliceableReason;

/** What executors give; also those parts of it that are no GraphQL errors, because the stock executor lets them through. */
export interface ExecutorResult {
  readonly data?: unknown;
  readonly errors?: readonly unknown[] | undefined;
  readonly extensions?: unknown;
  readonly splicing?: Splicing;
}

/** Asks a subgraph; rejects where it gives no answer. */
export type AskSubgraph = (subgraph: string, operation: WorldOperation) => Promise<SubgraphData>;

export type Execute = (operation: PlannedOperation, ask: AskSubgraph) => Promise<ExecutorResult>;
