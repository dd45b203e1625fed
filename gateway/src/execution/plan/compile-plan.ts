import type { ConditionNode, DeferNode, FlattenNode, PlanNode } from '@apollo/query-planner';
import type { ConditionValues } from '../conditions.ts';
import type { ObjectTypes } from '../object-types.ts';
import { findEntities, locateEntities } from './entities.ts';
import { compileFetch } from './fetch-step.ts';
import type { Cursor, Step } from './plan-run.ts';

/** Compiles a plan, or a part of one, for one set of values of the operation's condition variables. */
export function compileStep(node: PlanNode | undefined, types: ObjectTypes, conditions: ConditionValues): Step {
  if (!node) return doNothing;
  switch (node.kind) {
    case 'Sequence':
      return inTurn(node.nodes.map((part) => compileStep(part, types, conditions)));
    case 'Parallel':
      return atOnce(node.nodes.map((part) => compileStep(part, types, conditions)));
    case 'Flatten':
      return compileFlatten(node, compileStep(node.node, types, conditions));
    case 'Fetch':
      return compileFetch(node, types);
    case 'Defer':
      return compileDefer(node, types, conditions);
    case 'Condition':
      return compileStep(chosenBranch(node, conditions), types, conditions);
    default:
      return node satisfies never;
  }
}

async function doNothing(): Promise<void> {}

function inTurn(steps: readonly Step[]): Step {
  const [first, ...rest] = steps.filter((step) => step !== doNothing);
  if (!first) return doNothing;
  if (rest.length === 0) return first;
  return async (run, cursor) => {
    await first(run, cursor);
    for (const step of rest) await step(run, cursor);
  };
}

function atOnce(steps: readonly Step[]): Step {
  const [first, ...rest] = steps.filter((step) => step !== doNothing);
  if (!first) return doNothing;
  if (rest.length === 0) return first;
  return async (run, cursor) => {
    await Promise.all([first(run, cursor), ...rest.map(async (step) => await step(run, cursor))]);
  };
}

/** All parts of what is deferred, for an answer in one piece. */
function compileDefer({ primary, deferred }: DeferNode, types: ObjectTypes, conditions: ConditionValues): Step {
  const parts = deferred.map(({ node }) => compileStep(node, types, conditions));
  return inTurn([compileStep(primary.node, types, conditions), atOnce(parts)]);
}

function compileFlatten({ path }: FlattenNode, step: Step): Step {
  if (step === doNothing) return step;
  return async (run, cursor) => {
    const entities = cursor.entities.flatMap((entity) => findEntities(entity, path));
    if (entities.length === 0) return;
    const fullPath = [...cursor.path, ...path];
    let locations: ReturnType<Cursor['locate']> | undefined;
    // Once, however many errors ask: it goes through all of the data.
    const locate = () => (locations ??= locateEntities(run.data, fullPath, entities));
    await step(run, { path: fullPath, entities, locate });
  };
}

export function chosenBranch({ condition, ifClause, elseClause }: ConditionNode, conditions: ConditionValues): PlanNode | undefined {
  return conditions.get(condition) ? ifClause : elseClause;
}
