import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { afterEach, beforeEach, test, vi } from 'vitest';
import type { AccountLimits, BudgetAccount } from './budget-account.ts';
import { ConnectionBudget } from './connection-budget.ts';
import { SimulatedTenant } from './testing/simulated-tenant.ts';

const deadlineMs = 1000;
const turnMs = 100;
const tenantCount = 6;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** What a tenant may do: methods of {@link SimulatedTenant}. */
const deeds = ['begin', 'finish', 'giveBack', 'lose', 'closeIdle', 'close'] as const;

type Step =
  | { kind: (typeof deeds)[number]; tenant: number }
  | { kind: 'setLimits'; tenant: number; limits: AccountLimits }
  | { kind: 'pass'; ms: number }
  | { kind: 'resize'; limit: number };

const tenant = fc.nat({ max: tenantCount - 1 });
const deed = (kind: (typeof deeds)[number]) => fc.record({ kind: fc.constant(kind), tenant });
const limits = fc.record({ max: fc.integer({ min: 1, max: 3 }), weight: fc.integer({ min: 1, max: 4 }) });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: deed('begin') },
  { weight: 6, arbitrary: deed('finish') },
  { weight: 3, arbitrary: deed('giveBack') },
  { weight: 1, arbitrary: deed('lose') },
  { weight: 1, arbitrary: deed('closeIdle') },
  { weight: 1, arbitrary: deed('close') },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('setLimits' as const), tenant, limits }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 2 * turnMs }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('resize' as const), limit: fc.nat({ max: 5 }) }) },
);

class World {
  readonly budget: ConnectionBudget;
  /** Those that are closed included. */
  readonly tenants: SimulatedTenant[] = [];
  ceiling: number;
  readonly #present: SimulatedTenant[];

  constructor(limit: number) {
    this.ceiling = limit;
    this.budget = new ConnectionBudget({ limit, deadlineMs, turnMs, onCeiling: (connections) => (this.ceiling = connections) });
    this.#present = Array.from({ length: tenantCount }, (_, index) => this.#open({ max: 1 + (index % 2), weight: 1 + (index % 3) }));
  }

  /** Takes a step and checks what came of it. */
  async take(action: Step): Promise<void> {
    const { used } = this.budget;
    const reserved = new Map(this.tenants.map(({ account }) => [account, account.reserved]));
    this.#act(action);
    await vi.advanceTimersByTimeAsync(action.kind === 'pass' ? action.ms : 0);
    this.#check(reserved);
    assert(this.budget.used <= Math.max(used, this.budget.limit), 'it grew beyond its limit');
  }

  /** Once nothing is closing any more, nobody waits while an idle tenant, or one whose turn is over, has a connection to spare. */
  async settle(): Promise<void> {
    await this.take({ kind: 'pass', ms: turnMs + 10 });
    const wanting = this.tenants.filter(({ waiting, account }) => waiting > 0 && account.reserved < account.max);
    assert.equal(this.budget.waiting, wanting.length);
    if (wanting.length > 0) assert(!this.tenants.some(({ hasSpare }) => hasSpare), 'somebody waits while another could give way');
    await vi.advanceTimersByTimeAsync(deadlineMs);
  }

  #act(action: Step): void {
    switch (action.kind) {
      case 'pass':
        return;
      case 'resize':
        return this.budget.resize(action.limit);
      case 'setLimits':
        return this.#at(action.tenant).account.setLimits(action.limits);
      case 'begin':
      case 'finish':
      case 'giveBack':
      case 'lose':
      case 'closeIdle':
      case 'close':
        return this.#at(action.tenant)[action.kind]();
    }
  }

  /** The tenant there; one that was closed is opened anew. */
  #at(index: number): SimulatedTenant {
    const known = this.#present[index];
    assert(known);
    if (known.phase === 'open') return known;
    const { max, weight } = known.account;
    return (this.#present[index] = this.#open({ max, weight }));
  }

  #open(accountLimits: AccountLimits): SimulatedTenant {
    const opened = new SimulatedTenant(this.budget, accountLimits);
    this.tenants.push(opened);
    return opened;
  }

  /** @param before what each account had reserved */
  #check(before: ReadonlyMap<BudgetAccount, number>): void {
    const sum = (value: (one: SimulatedTenant) => number) => this.tenants.reduce((total, one) => total + value(one), 0);
    const { used, limit, waiting } = this.budget;
    assert.equal(
      used,
      sum(({ account }) => account.reserved),
    );
    assert(sum(({ live }) => live) <= used, 'a connection was not reserved');
    assert.equal(this.ceiling, Math.max(used, limit));
    for (const { account, running, live, phase } of this.tenants) {
      assert(account.reserved <= Math.max(account.max, before.get(account) ?? 0), 'a tenant has more than its part');
      assert(running <= account.reserved, 'work runs without a connection');
      assert(live <= account.reserved, 'a connection was reserved for another tenant');
      assert(account.waiting === 0 || account.spare === 0, 'work waits beside a spare connection');
      assert(phase !== 'closed' || account.reserved === 0, 'a closed tenant keeps a part of the budget');
    }
    assert(waiting === 0 || used >= limit, 'somebody waits for what is free');
  }
}

test('a connection budget is never exceeded, takes from nobody who is busy, lets nobody wait in vain, and settles everyone', async () => {
  const limit = fc.integer({ min: 1, max: 4 });
  const steps = fc.array(step, { maxLength: 80, size: 'max' });
  await fc.assert(
    fc.asyncProperty(limit, steps, async (connections, actions) => {
      const world = new World(connections);
      for (const action of actions) await world.take(action);
      await world.settle();
      for (const { waiting } of world.tenants) assert.equal(waiting, 0, 'somebody waits for ever');
    }),
    { numRuns: 500 },
  );
});
