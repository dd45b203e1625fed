import type { Execute, PlannedOperation } from './executors/executor.ts';
import { executeMonolith } from './executors/monolith.ts';
import { executeOurs, executeSpliced } from './executors/our-executor.ts';
import { RecordedWorld, withDistinctRepresentations, type ReceivedOperation } from './executors/recorded-world.ts';
import { executeCorrectedStock, executeStock } from './executors/stock-executor.ts';
import { differencesBetween } from './report/differences.ts';
import { normalResult, type NormalResult } from './report/normal-result.ts';
import { seededFaults, type FaultOptions, type Faults } from './world/faults.ts';
import { stableJson } from './world/hash.ts';
import type { World } from './world/world.ts';

/** One execution of an operation by every executor, in one world. */
export interface Trial {
  readonly planned: PlannedOperation;
  readonly worldSeed: number;
  readonly faults: FaultOptions;
}

/** What one executor made of a trial. */
export interface Run {
  readonly result: NormalResult;
  /** What subgraphs received, in the order in which they answered. */
  readonly received: readonly ReceivedOperation[];
  /** Why there is no result at all. */
  readonly rejection: string | null;
  readonly isSpliced: boolean;
  /** Whether it was begun by splicing, in vain. */
  readonly isTakenUp: boolean;
}

export interface Outcome {
  readonly stock: Run;
  /** The stock executor without its known faults; null where ours is equal to it with them. */
  readonly corrected: Run | null;
  /** By how responses come about. */
  readonly ours: { readonly generated: Run; readonly interpreted: Run; readonly spliced: Run };
  /** Null where something failed, so that one server with the whole world would not have given the same. */
  readonly monolith: NormalResult | null;
  /** What went wrong, by place. */
  readonly faults: ReadonlyMap<string, string>;
  /** One line for each way in which ours is not as it has to be. */
  readonly differences: readonly string[];
}

/** Our executor, by how responses come about. */
export type OurExecutors = Readonly<Record<keyof Outcome['ours'], Execute>>;

const ourExecutors: OurExecutors = {
  generated: executeOurs({ generatesCode: true }),
  interpreted: executeOurs({ generatesCode: false }),
  spliced: executeSpliced(),
};

/** In a world of its own, in which the faults are the same for every executor. */
export async function tryOut(trial: Trial, executors: OurExecutors = ourExecutors): Promise<Outcome> {
  const world = trial.planned.supergraph.world(trial.worldSeed);
  const faults = seededFaults(trial.faults);
  const run = async (execute: Execute) => await runWith(execute, trial, world, faults);
  const stock = await run(executeStock);
  const ours = {
    generated: await run(executors.generated),
    interpreted: await run(executors.interpreted),
    spliced: await run(executors.spliced),
  };
  const isAsStock = Object.values(ours).every((each) => differencesFrom(each, stock).length === 0);
  const corrected = isAsStock ? null : await run(executeCorrectedStock);
  const monolith = monolithOf(trial, world, faults);
  const differences = Object.entries(ours).flatMap(([way, each]) => {
    const found = isAsStock ? [] : differencesFrom(each, corrected ?? stock);
    if (monolith && stableJson(monolith) !== stableJson(each.result)) found.push('not as from one server');
    return found.map((difference) => `${way}: ${difference}`);
  });
  return { stock, corrected, ours, monolith, faults: faults.happened, differences };
}

/** What is taken up again, after answers that could not be spliced, asks no less and no more, but may do so in another order. */
function differencesFrom(run: Run, reference: Run): string[] {
  return run.isTakenUp ? differencesBetween(inOrder(run), inOrder(reference)) : differencesBetween(run, reference);
}

function inOrder(run: Run): Run {
  const keys = new Map(run.received.map((operation) => [operation, stableJson(withDistinctRepresentations(operation))]));
  const received = run.received.toSorted((one, other) => (keys.get(one)! < keys.get(other)! ? -1 : 1));
  return { ...run, received };
}

async function runWith(execute: Execute, { planned, faults: { seed } }: Trial, world: World, faults: Faults): Promise<Run> {
  const recorded = new RecordedWorld({ supergraph: planned.supergraph, world, faults, seed });
  try {
    const result = await execute(planned, async (subgraph, operation) => await recorded.fetch(subgraph, operation));
    return {
      result: normalResult(result),
      received: recorded.received,
      rejection: null,
      isSpliced: result.isSpliced ?? false,
      isTakenUp: result.isSpliced === false,
    };
  } catch (error) {
    const rejection = error instanceof Error ? error.message : String(error);
    return { result: normalResult({}), received: recorded.received, rejection, isSpliced: false, isTakenUp: false };
  }
}

function monolithOf({ planned }: Trial, world: World, { happened }: Faults): NormalResult | null {
  if (!planned.isPlain || happened.size > 0) return null;
  const result = executeMonolith(planned, world);
  return result.errors ? null : normalResult(result);
}
