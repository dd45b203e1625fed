import type { QueryPlan } from '@apollo/query-planner';
import type { CanonicalOperation } from './canonical-operation.ts';

export interface PlannedOperation {
  /** Plain JSON, without the documents of its fetches. */
  readonly plan: QueryPlan;
  /** Length of the plan as JSON. */
  readonly jsonLength: number;
}

/** Plans operations over one supergraph. */
export interface Planner extends AsyncDisposable {
  /** @throws {OperationTooComplexError} {PlannerBusyError} {PlanningError} */
  plan(operation: CanonicalOperation): Promise<PlannedOperation>;
}
