import { setImmediate as nextTurn } from 'node:timers/promises';
import type { TenantDb } from '../lease.ts';
import type { Attempt, FuzzOperation, Texts } from './attempt.ts';
import { Dice } from './dice.ts';
import { Exchange } from './exchange.ts';
import { fuzzOperations } from './fuzz-operations.ts';
import { FuzzReport } from './fuzz-report.ts';
import { markedId, markedText, markOf } from './marks.ts';
import { sharedUserIds } from './seeded-tenants.ts';

/** The tenants of a run, and how they are reached. */
export interface FuzzTarget {
  readonly tenants: number;
  lease(tenant: number, signal: AbortSignal): Promise<FuzzLease>;
  /** Takes something away from a tenant, or changes it, amid the operations. */
  disturb(dice: Dice): Promise<void>;
}

export interface FuzzLease extends AsyncDisposable {
  readonly db: TenantDb;
  /** Where an operation has to run, if that matters. */
  readonly within?: (operation: () => Promise<Texts>) => Promise<Texts>;
}

export interface FuzzOptions {
  operations: number;
  /** Fixes which operations are tried, on which tenants, and what disturbs them; not how they interleave. */
  seed: number;
  onProgress?: (report: FuzzReport) => void;
}

/** Operations begun in one tick. */
const operationsPerRound = 64;
const disturbancesPerRound = 2;
const abortedLeases = 0.02;
const leasesReturnedEarly = 0.08;
/** Turns of the event loop after which a lease is returned early, at most. */
const turnsUntilReturn = 4;

interface Trial {
  readonly name: string;
  readonly operation: FuzzOperation;
  readonly tenant: number;
  readonly userId: string;
  readonly isAborted: boolean;
  /** Null where the lease is returned after the operation. */
  readonly turnsUntilReturn: number | null;
}

/** Tries operations of many tenants in rounds: each begins all of its operations in one tick, so that Prisma could batch them. */
export async function runFuzz(target: FuzzTarget, { operations, seed, onProgress }: FuzzOptions): Promise<FuzzReport> {
  const dice = new Dice(seed);
  const run = new Run(target);
  while (run.report.operations < operations) {
    const count = Math.min(operationsPerRound, operations - run.report.operations);
    await run.round(
      Array.from({ length: count }, () => draw(dice, target.tenants)),
      dice,
    );
    onProgress?.(run.report);
  }
  return run.report;
}

function draw(dice: Dice, tenants: number): Trial {
  const [name, operation] = dice.pick(fuzzOperations);
  return {
    name,
    operation,
    tenant: dice.below(tenants),
    userId: dice.pick(sharedUserIds),
    isAborted: dice.chance(abortedLeases),
    turnsUntilReturn: dice.chance(leasesReturnedEarly) ? dice.below(turnsUntilReturn) : null,
  };
}

class Run {
  readonly report = new FuzzReport();
  readonly #target: FuzzTarget;
  readonly #exchange = new Exchange();
  /** What still runs of operations that are over. */
  readonly #late: Promise<void>[] = [];

  constructor(target: FuzzTarget) {
    this.#target = target;
  }

  async round(trials: readonly Trial[], dice: Dice): Promise<void> {
    const leases = await Promise.all(trials.map(async (trial) => await this.#lease(trial)));
    const disturbances = Array.from({ length: disturbancesPerRound }, async () => await this.#target.disturb(dice));
    await Promise.all(trials.map(async (trial, index) => await this.#try(trial, leases[index] ?? null)));
    await Promise.all([...disturbances, ...this.#late.splice(0)]);
  }

  async #lease({ name, tenant, isAborted }: Trial): Promise<FuzzLease | null> {
    this.report.operations += 1;
    const controller = new AbortController();
    if (isAborted) setImmediate(() => controller.abort());
    try {
      return await this.#target.lease(tenant, controller.signal);
    } catch (error) {
      this.report.fail(name, markOf(tenant), error);
      return null;
    }
  }

  async #try(trial: Trial, lease: FuzzLease | null): Promise<void> {
    if (!lease) return;
    const operation = async () => await trial.operation(this.#attempt(trial, lease));
    const judged = this.#judge(trial, lease.within ? lease.within(operation) : operation());
    if (trial.turnsUntilReturn !== null) {
      for (let turn = 0; turn < trial.turnsUntilReturn; turn += 1) await nextTurn();
      await lease[Symbol.asyncDispose]();
    }
    await judged;
    await lease[Symbol.asyncDispose]();
  }

  async #judge({ name, tenant }: Trial, texts: Promise<Texts>): Promise<void> {
    try {
      this.report.judge(name, markOf(tenant), await texts);
    } catch (error) {
      this.report.fail(name, markOf(tenant), error);
    }
  }

  #attempt(trial: Trial, lease: FuzzLease): Attempt {
    const { tenant, userId } = trial;
    return {
      db: lease.db,
      mark: markOf(tenant),
      userId,
      freshId: () => markedId(tenant),
      freshText: () => markedText(tenant),
      exchange: this.#exchange,
      returnLease: async () => await lease[Symbol.asyncDispose](),
      later: (texts) => void this.#late.push(this.#judge(trial, texts)),
    };
  }
}
