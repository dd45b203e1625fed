import type { QueryPlan } from '@apollo/query-planner';
import { OperationTooComplexError, PlannerBusyError, PlanningAbandonedError, PlanningError, PlanningOverrunError } from '../errors.ts';
import { measureOperation } from '../limits/operation-size.ts';
import type { CanonicalOperation } from './canonical-operation.ts';
import type { PlannedOperation, Planner, PlanningRequest } from './planner.ts';
import type { PlannerAnswer } from './planner-messages.ts';
import { PlanningLane } from './planning-lane.ts';
import type { PlanningLaneName, PlanningMetrics, PlanningOutcome } from './planning-metrics.ts';

export interface ThreadedPlannerOptions {
  /** Without access rules. */
  supergraphSdl: string;
  /** Milliseconds that the planning of one operation may take. Default 5000. */
  timeoutMs?: number;
  /** MiB of heap that the planning of one operation may take. Default 512. */
  maxPlanningMiB?: number;
  metrics: PlanningMetrics;
}

/** Fields and fragments from which on an operation is large. Planning takes about 0.05 ms for each. */
const largeSelections = 500;

/** Milliseconds that a small operation may take; one that needs more is as good as large. */
const smallBudgetMs = 1_000;

/** Operations that wait in each lane, at most; of one client, some seconds' worth. */
const places = { small: { maxWaiting: 500, maxWaitingPerClient: 250 }, large: { maxWaiting: 100, maxWaitingPerClient: 10 } } as const;

const defaultMaxPlanningMiB = 512;

/** Milliseconds that the thread for large operations is kept without one: it takes about 40 MB. */
const idleMs = 60_000;

/**
 * Starts a planner that works in threads: one for small operations, and while there are any, one for large ones and for those that
 * took too long with the small. So planning stalls no request but those that wait for their own plan, and a small operation does
 * not wait for large ones. Nor does a client wait for the many operations of another.
 *
 * @throws {PlanningError} when the planner cannot do with the supergraph
 */
export async function startThreadedPlanner(options: ThreadedPlannerOptions): Promise<Planner> {
  const { supergraphSdl, timeoutMs = 5_000, maxPlanningMiB = defaultMaxPlanningMiB, metrics } = options;
  const thread = { supergraphSdl, maxPlanningMiB };
  const small = new PlanningLane({ ...thread, ...places.small, budgetMs: Math.min(smallBudgetMs, timeoutMs) });
  const large = new PlanningLane({ ...thread, ...places.large, budgetMs: timeoutMs, idleMs });
  await small.prepare();

  async function timed(lane: PlanningLaneName, planning: Promise<PlannerAnswer>): Promise<PlannerAnswer> {
    const startedAt = performance.now();
    let outcome: PlanningOutcome = 'failed';
    try {
      const answer = await planning;
      outcome = answer.kind;
      return answer;
    } catch (error) {
      outcome = outcomeOf(error);
      throw error;
    } finally {
      metrics.planned(lane, outcome, (performance.now() - startedAt) / 1000);
    }
  }

  async function plan(operation: CanonicalOperation, { waiters, wasTooComplex }: PlanningRequest): Promise<PlannerAnswer> {
    const { text } = operation;
    if (wasTooComplex) return await timed('large', large.plan(text, waiters, true));
    if (measureOperation(operation).selections >= largeSelections) return await timed('large', large.plan(text, waiters));
    try {
      return await timed('small', small.plan(text, waiters));
    } catch (error) {
      // Who is given more time gets no more memory.
      if (!(error instanceof PlanningOverrunError) || error.resource === 'memory') throw error;
      return await timed('large', large.plan(text, waiters, true));
    }
  }

  return {
    plan: async (operation, request) => {
      try {
        return readAnswer(await plan(operation, request));
      } catch (error) {
        throw error instanceof PlanningOverrunError ? tooComplex(error) : error;
      }
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all([small[Symbol.asyncDispose](), large[Symbol.asyncDispose]()]);
    },
  };
}

function outcomeOf(error: unknown): PlanningOutcome {
  if (error instanceof PlanningOverrunError) return 'overrun';
  if (error instanceof PlannerBusyError) return 'busy';
  return error instanceof PlanningAbandonedError ? 'abandoned' : 'failed';
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
