import type { QueryPlan } from '@apollo/query-planner';
import type { CanonicalOperation } from './canonical-operation.ts';
import type { Waiters } from './waiters.ts';

export interface PlannedOperation {
  /** Plain JSON, without the documents of its fetches. */
  readonly plan: QueryPlan;
  /** Length of the plan as JSON. */
  readonly jsonLength: number;
}

/** What is known of an operation when its plan is asked for. */
export interface PlanningRequest {
  /** For whom the operation is planned; they may change while it waits. */
  readonly waiters: Waiters;
  /** Whether it was too complex the last time. */
  readonly wasTooComplex: boolean;
}

/** Plans operations over one supergraph, and lets its clients have their turns. */
export interface Planner extends AsyncDisposable {
  /** @throws {OperationTooComplexError} {PlannerBusyError} {PlanningAbandonedError} {PlanningError} */
  plan(operation: CanonicalOperation, request: PlanningRequest): Promise<PlannedOperation>;
}
