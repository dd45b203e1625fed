import { EventEmitter, once } from 'node:events';
import { getOperationAST, parse } from 'graphql';
import { Registry } from 'prom-client';
import { describe, expect, test, vi } from 'vitest';
import { planCaller } from '../../test/support/plan-callers.ts';
import { OperationTooComplexError } from '../errors.ts';
import type { ValidOperation } from '../operation.ts';
import { FairTurns } from './fair-turns.ts';
import { defaultPlanCacheLimits, PlanCache } from './plan-cache.ts';
import type { PlannedOperation, PlanningRequest } from './planner.ts';
import { PlanningMetrics } from './planning-metrics.ts';

const limits = { maxWaiting: 10, maxWaitingPerClient: 3 };

/** A cache over a planner that plans one operation after another, each for as long as it is not told to be done. */
class SlowPlanning {
  readonly begun: string[] = [];
  readonly #turns = new FairTurns(limits);
  readonly #told = new EventEmitter();
  readonly cache = new PlanCache<string>({
    planner: { plan: async ({ text }, request) => await this.#plan(/\w+/.exec(text)?.[0] ?? '', request) },
    makeExecutable: (_plan, { text }) => text,
    limits: defaultPlanCacheLimits,
    metrics: new PlanningMetrics(new Registry(), () => ({ operations: 0, bytes: 0 })),
  });

  /** Has an operation of one field planned, for somebody at `address`. */
  async get(field: string, address: string, signal?: AbortSignal): Promise<string> {
    return await this.cache.get(operationOf(field), planCaller(address, signal));
  }

  /** Has what is planned be done, and the next begin. */
  async finish(error?: Error): Promise<void> {
    await settled();
    this.#told.emit('finish', error);
    await settled();
  }

  async finishAll(): Promise<string[]> {
    for (let before = -1; before < this.begun.length;) {
      before = this.begun.length;
      await this.finish();
    }
    return this.begun;
  }

  async #plan(field: string, { waiters, wasTooComplex }: PlanningRequest): Promise<PlannedOperation> {
    using _turn = await this.#turns.take(waiters, wasTooComplex ? 60_000 : 0);
    this.begun.push(field);
    const [error]: unknown[] = await once(this.#told, 'finish');
    if (error) throw error;
    return { plan: { kind: 'QueryPlan' }, jsonLength: 0 };
  }
}

/** What follows from what has happened has happened, too. */
async function settled(): Promise<void> {
  for (let tick = 0; tick < 10; tick++) await Promise.resolve();
}

function operationOf(field: string): ValidOperation {
  const document = parse(`{ ${field} }`);
  const operation = getOperationAST(document);
  if (!operation) throw new Error('There is no such operation.');
  return { document, operation };
}

describe('while somebody has many operations planned', () => {
  test('others wait for one of them, and who has asked for too many is told', async () => {
    const planning = new SlowPlanning();
    const many = ['a1', 'a2', 'a3', 'a4'].map(async (field) => await planning.get(field, '192.0.2.1'));
    await expect(planning.get('a5', '192.0.2.1')).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    const other = planning.get('b1', '192.0.2.2');
    expect(await planning.finishAll()).toEqual(['a1', 'b1', 'a2', 'a3', 'a4']);
    expect(await other).toContain('b1');
    expect(await Promise.all(many)).toHaveLength(4);
  });

  test('what others ask for, too, comes at their turn, once for all', async () => {
    const planning = new SlowPlanning();
    const many = ['a1', 'a2', 'a3'].map(async (field) => await planning.get(field, '192.0.2.1'));
    const other = planning.get('a3', '192.0.2.2');
    expect(await planning.finishAll()).toEqual(['a1', 'a3', 'a2']);
    expect(await other).toBe((await Promise.all(many))[2]);
  });
});

describe('whoever goes away', () => {
  test('has nothing planned that nobody else waits for and that has not begun', async () => {
    const planning = new SlowPlanning();
    const [gone, early] = [new AbortController(), new AbortController()];
    const begun = planning.get('a1', '192.0.2.1', gone.signal);
    const waiting = planning.get('a2', '192.0.2.1', gone.signal);
    const shared = planning.get('a3', '192.0.2.1', gone.signal);
    const joined = planning.get('a3', '192.0.2.2');
    gone.abort(new Error('gone'));
    for (const left of [begun, waiting, shared]) await expect(left).rejects.toThrow('gone');
    expect(await planning.finishAll()).toEqual(['a1', 'a3']);
    expect(await joined).toContain('a3');
    // What had begun is kept, and what was given up is planned when it is asked for again.
    expect(await planning.get('a1', '192.0.2.3')).toContain('a1');
    const again = planning.get('a2', '192.0.2.3');
    expect(await planning.finishAll()).toEqual(['a1', 'a3', 'a2']);
    expect(await again).toContain('a2');
    early.abort(new Error('gone before'));
    await expect(planning.get('a9', '192.0.2.3', early.signal)).rejects.toThrow('gone before');
    expect(planning.begun).not.toContain('a9');
  });

  test('takes nothing from who comes in the moment when the operation is given up', async () => {
    const planning = new SlowPlanning();
    const gone = new AbortController();
    const first = planning.get('a1', '192.0.2.1');
    const left = planning.get('a2', '192.0.2.1', gone.signal);
    gone.abort(new Error('gone'));
    await expect(left).rejects.toThrow('gone');
    const late = first.then(async () => await planning.get('a2', '192.0.2.2'));
    await planning.finish();
    await planning.finishAll();
    expect(await late).toContain('a2');
  });
});

test('what was too complex waits behind what was not', async () => {
  using _timers = fakePerformance();
  const planning = new SlowPlanning();
  const complex = planning.get('a1', '192.0.2.1');
  await planning.finish(new OperationTooComplexError('No.'));
  await expect(complex).rejects.toThrow('No.');
  vi.advanceTimersByTime(60_000);
  const others = [planning.get('b1', '192.0.2.2')];
  const again = planning.get('a1', '192.0.2.1');
  others.push(planning.get('b2', '192.0.2.2'));
  vi.advanceTimersByTime(100);
  expect(await planning.finishAll()).toEqual(['a1', 'b1', 'b2', 'a1']);
  expect(await Promise.all([...others, again])).toHaveLength(3);
});

function fakePerformance(): Disposable {
  vi.useFakeTimers({ toFake: ['performance'] });
  return { [Symbol.dispose]: () => vi.useRealTimers() };
}
