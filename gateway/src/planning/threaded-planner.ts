import type { QueryPlan } from '@apollo/query-planner';
import { OperationTooComplexError, PlanningError, PlanningOverrunError } from '../errors.ts';
import { measureOperation } from '../limits/operation-size.ts';
import type { CanonicalOperation } from './canonical-operation.ts';
import type { PlannedOperation, Planner } from './planner.ts';
import type { PlannerAnswer } from './planner-messages.ts';
import { PlanningLane } from './planning-lane.ts';
import type { PlanningLaneName, PlanningMetrics, PlanningOutcome } from './planning-metrics.ts';

export interface ThreadedPlannerOptions {
  /** Without access rules. */
  supergraphSdl: string;
  /** Milliseconds that the planning of one operation may take. Default 5000. */
  timeoutMs?: number;
  metrics: PlanningMetrics;
}

/** Fields and fragments from which on an operation is large. Planning takes about 0.05 ms for each. */
const largeSelections = 500;

/** Milliseconds that a small operation may take; one that needs more is as good as large. */
const smallBudgetMs = 1_000;

/** Operations that wait in each lane at most: some seconds' worth. */
const maxWaiting = { small: 500, large: 20 } as const;

/** Milliseconds that the thread for large operations is kept without one: it takes about 40 MB. */
const idleMs = 60_000;

/**
 * Starts a planner that works in threads: one for small operations, and while there are any, one for large ones and for those that
 * took too long with the small. So planning stalls no request but those that wait for their own plan, and a small operation does
 * not wait for large ones.
 *
 * @throws {PlanningError} when the planner cannot do with the supergraph
 */
export async function startThreadedPlanner(options: ThreadedPlannerOptions): Promise<Planner> {
  const { supergraphSdl, timeoutMs = 5_000, metrics } = options;
  const small = new PlanningLane({ supergraphSdl, budgetMs: Math.min(smallBudgetMs, timeoutMs), maxWaiting: maxWaiting.small });
  const large = new PlanningLane({ supergraphSdl, budgetMs: timeoutMs, maxWaiting: maxWaiting.large, idleMs });
  await small.prepare();

  async function planIn(name: PlanningLaneName, lane: PlanningLane, text: string): Promise<PlannerAnswer> {
    const startedAt = performance.now();
    let outcome: PlanningOutcome = 'failed';
    try {
      const answer = await lane.plan(text);
      outcome = answer.kind;
      return answer;
    } catch (error) {
      if (error instanceof PlanningOverrunError) outcome = 'overrun';
      throw error;
    } finally {
      metrics.planned(name, outcome, (performance.now() - startedAt) / 1000);
    }
  }

  async function plan(operation: CanonicalOperation): Promise<PlannerAnswer> {
    const { selections } = measureOperation(operation);
    if (selections < largeSelections) {
      try {
        return await planIn('small', small, operation.text);
      } catch (error) {
        if (!(error instanceof PlanningOverrunError)) throw error;
      }
    }
    return await planIn('large', large, operation.text);
  }

  return {
    plan: async (operation) => {
      try {
        return readAnswer(await plan(operation));
      } catch (error) {
        throw error instanceof PlanningOverrunError ? tooComplex(error) : error;
      }
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all([small[Symbol.asyncDispose](), large[Symbol.asyncDispose]()]);
    },
  };
}

function readAnswer(answer: PlannerAnswer): PlannedOperation {
  if (answer.kind === 'refused') throw tooComplex(new PlanningError(answer.reason));
  if (answer.kind === 'failed') throw new PlanningError('The operation could not be planned.', { cause: answer.error });
  const plan: QueryPlan = JSON.parse(answer.json);
  return { plan, jsonLength: answer.json.length };
}

function tooComplex(cause: Error): OperationTooComplexError {
  return new OperationTooComplexError('The operation is too complex to be planned. Ask for less at once.', { cause });
}
