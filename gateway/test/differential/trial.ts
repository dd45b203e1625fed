import type { Execute, PlannedOperation, Splicing } from './executors/executor.ts';
import { executeMonolith } from './executors/monolith.ts';
import { executeOurs } from './executors/our-executor.ts';
import { RecordedWorld, withDistinctRepresentations, type ReceivedOperation } from './executors/recorded-world.ts';
import { executeSpliced } from './executors/spliced-executor.ts';
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
  /** Null where that was not to be. */
  readonly splicing: Splicing | null;
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
  const [spliced, differencesOfOther] = await Promise.all([run(executors.spliced), differencesOfAnother(trial, executors)]);
  const ours = { generated: await run(executors.generated), interpreted: await run(executors.interpreted), spliced };
  const isAsStock = Object.values(ours).every((each) => differencesFrom(each, stock).length === 0);
  const corrected = isAsStock ? null : await run(executeCorrectedStock);
  const monolith = monolithOf(trial, world, faults);
  const runInOrder = async (order: number) => await runWith(executors.generated, trial, world, faults, order);
  const isOfAnotherOrder = !isAsStock && (await isSameInSomeOrder(spliced, runInOrder));
  const differences = Object.entries(ours).flatMap(([way, each]) => {
    const isSame = isAsStock || (each === spliced && isOfAnotherOrder);
    const found = isSame ? [] : differencesFrom(each, corrected ?? stock);
    if (monolith && stableJson(monolith) !== stableJson(each.result)) found.push('not as from one server');
    return found.map((difference) => `${way}: ${difference}`);
  });
  return { stock, corrected, ours, monolith, faults: faults.happened, differences: [...differences, ...differencesOfOther] };
}

/** The same operation for another client at the same time, whose answers are others: nothing of one may get into the other. */
async function differencesOfAnother(trial: Trial, executors: OurExecutors): Promise<string[]> {
  if (trial.faults.seed % 2 === 0) return [];
  const another: Trial = {
    ...trial,
    worldSeed: trial.worldSeed + 1,
    faults: { ...trial.faults, rates: { resolver: 0, answer: 0, fetch: 0 } },
  };
  const world = another.planned.supergraph.world(another.worldSeed);
  const run = async (execute: Execute) => await runWith(execute, another, world, seededFaults(another.faults));
  const [spliced, generated] = [await run(executors.spliced), await run(executors.generated)];
  return differencesFrom(spliced, generated).map((difference) => `spliced for two at once: ${difference}`);
}

/** Orders of answers that are tried at most. */
const mostOrders = 16;

/**
 * Whether what was begun again is as if the answers had come in another order: they are replayed in that in which they are asked for, and of
 * what two of them bring, the last counts.
 */
async function isSameInSomeOrder(run: Run, runInOrder: (order: number) => Promise<Run>): Promise<boolean> {
  if (run.splicing !== 'surprised') return false;
  for (let order = 1; order <= mostOrders; order++) if (differencesFrom(run, await runInOrder(order)).length === 0) return true;
  return false;
}

/** What is begun again, after answers that could not be spliced, asks no less and no more, but may do so in another order. */
function differencesFrom(run: Run, reference: Run): string[] {
  return run.splicing === 'surprised' ? differencesBetween(inOrder(run), inOrder(reference)) : differencesBetween(run, reference);
}

function inOrder(run: Run): Run {
  const keys = new Map(run.received.map((operation) => [operation, stableJson(withDistinctRepresentations(operation))]));
  const received = run.received.toSorted((one, other) => (keys.get(one)! < keys.get(other)! ? -1 : 1));
  return { ...run, received };
}

/** @param order decides which of several answers comes first */
async function runWith(execute: Execute, { planned, faults: { seed } }: Trial, world: World, faults: Faults, order = seed): Promise<Run> {
  const recorded = new RecordedWorld({ supergraph: planned.supergraph, world, faults, seed: order });
  try {
    const result = await execute(planned, async (subgraph, operation) => await recorded.fetch(subgraph, operation));
    return {
      result: normalResult(result),
      received: recorded.received,
      rejection: null,
      splicing: result.splicing ?? null,
    };
  } catch (error) {
    const rejection = error instanceof Error ? error.message : String(error);
    return { result: normalResult({}), received: recorded.received, rejection, splicing: null };
  }
}

function monolithOf({ planned }: Trial, world: World, { happened }: Faults): NormalResult | null {
  if (!planned.isPlain || happened.size > 0) return null;
  const result = executeMonolith(planned, world);
  return result.errors ? null : normalResult(result);
}
