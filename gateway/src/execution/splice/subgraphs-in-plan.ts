import type { PlanNode } from '@apollo/query-planner';
import type { ConditionValues } from '../conditions.ts';
import { chosenBranch } from '../plan/compile-plan.ts';

/** Names of the subgraphs that a plan asks, but for what it defers. */
export function subgraphsInPlan(node: PlanNode | undefined, conditions: ConditionValues): ReadonlySet<string> {
  return new Set(subgraphsIn(node, conditions));
}

function* subgraphsIn(node: PlanNode | undefined, conditions: ConditionValues): Generator<string> {
  switch (node?.kind) {
    case 'Sequence':
    case 'Parallel':
      for (const part of node.nodes) yield* subgraphsIn(part, conditions);
      return;
    case 'Flatten':
      yield* subgraphsIn(node.node, conditions);
      return;
    case 'Fetch':
      yield node.serviceName;
      return;
    case 'Condition':
      yield* subgraphsIn(chosenBranch(node, conditions), conditions);
      return;
    case 'Defer':
      yield* subgraphsIn(node.primary.node, conditions);
      return;
    case undefined:
      return;
    default:
      node satisfies never;
  }
}
