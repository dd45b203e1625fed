import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { TenantBusyError } from '../errors.ts';
import type { BudgetAccount, EndWork } from './budget-account.ts';
import { ConnectionBudget, type EvictionRefusal } from './connection-budget.ts';

const deadlineMs = 1000;
const turnMs = 100;
const tenantCount = 6;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

type Work = { phase: 'waiting' | 'running' | 'ended' | 'refused' };

/** A tenant whose connections open at once and close some milliseconds after they were told to. */
class Tenant {
  readonly account: BudgetAccount;
  readonly works: Work[] = [];
  isLeased = false;
  /** Connections, as the database has them. */
  live = 0;
  #running: { work: Work; end: EndWork }[] = [];
  #spare = 0;
  #evicting = false;

  constructor(budget: ConnectionBudget, weight: number, max: number) {
    const holder = {
      isIdle: () => !this.isLeased && this.#running.length === 0 && this.waiting === 0,
      evict: () => this.#evict(),
      closeSpare: () => this.#closeSpare(),
    };
    this.account = budget.open(holder, { max, weight });
  }

  get running(): number {
    return this.#running.length;
  }

  get waiting(): number {
    return this.works.filter(({ phase }) => phase === 'waiting').length;
  }

  get hasSpare(): boolean {
    return this.#spare > 0;
  }

  begin(): void {
    this.isLeased = true;
    const work: Work = { phase: 'waiting' };
    this.works.push(work);
    const acquired = this.account.acquire();
    if (!(acquired instanceof Promise)) return this.#run(work, acquired);
    acquired.then(
      (end) => this.#run(work, end),
      (error: unknown) => {
        assert(error instanceof TenantBusyError);
        work.phase = 'refused';
      },
    );
  }

  finish(): void {
    const first = this.#running.shift();
    if (!first) return;
    this.#spare += 1;
    first.work.phase = 'ended';
    first.end();
  }

  /** A connection breaks beneath the work, which then ends. */
  lose(): void {
    const first = this.#running.shift();
    if (!first) return;
    this.live -= 1;
    this.account.onConnectionLeave(false);
    this.account.onConnectionEnd();
    first.work.phase = 'ended';
    first.end();
  }

  /** A connection that nothing uses is closed, as after an idle time-out. */
  closeIdle(): void {
    if (this.#spare === 0) return;
    this.#spare -= 1;
    this.account.onConnectionLeave(false);
    setTimeout(() => {
      this.live -= 1;
      this.account.onConnectionEnd();
    }, 3);
  }

  #run(work: Work, end: EndWork): void {
    const earlier = this.works.slice(0, this.works.indexOf(work));
    assert(!earlier.some(({ phase }) => phase === 'waiting'), 'work of one tenant ran out of order');
    work.phase = 'running';
    this.#running.push({ work, end });
    if (this.#spare > 0) this.#spare -= 1;
    else {
      this.live += 1;
      this.account.onConnectionStart();
    }
  }

  #closeSpare(): boolean {
    assert(this.#spare > 0, 'told to close a connection that works');
    this.#spare -= 1;
    this.#close(1);
    return true;
  }

  #evict(): void {
    assert(!this.isLeased && this.#running.length === 0, 'evicted though it was busy');
    assert(!this.#evicting, 'evicted twice');
    this.#evicting = true;
    const connections = this.#spare;
    this.#spare = 0;
    this.#close(connections);
  }

  #close(connections: number): void {
    setTimeout(() => {
      for (let left = 0; left < connections; left += 1) this.account.onConnectionLeave(true);
    }, 1);
    setTimeout(() => {
      this.#evicting = false;
      this.live -= connections;
      for (let closed = 0; closed < connections; closed += 1) this.account.onConnectionEnd();
    }, 3);
  }
}

type Step =
  | { kind: 'begin' | 'finish' | 'return' | 'lose' | 'idle'; tenant: number }
  | { kind: 'pass'; ms: number }
  | { kind: 'resize'; limit: number };

const tenantIndex = fc.nat({ max: tenantCount - 1 });
const aboutTenant = (kind: 'begin' | 'finish' | 'return' | 'lose' | 'idle') => fc.record({ kind: fc.constant(kind), tenant: tenantIndex });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: aboutTenant('begin') },
  { weight: 6, arbitrary: aboutTenant('finish') },
  { weight: 3, arbitrary: aboutTenant('return') },
  { weight: 1, arbitrary: aboutTenant('lose') },
  { weight: 1, arbitrary: aboutTenant('idle') },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 2 * turnMs }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('resize' as const), limit: fc.nat({ max: 5 }) }) },
);

class World {
  readonly budget: ConnectionBudget;
  readonly tenants: Tenant[];
  ceiling: number;

  constructor(limit: number) {
    this.ceiling = limit;
    this.budget = new ConnectionBudget({ limit, deadlineMs, turnMs, onCeiling: (connections) => (this.ceiling = connections) });
    this.tenants = Array.from({ length: tenantCount }, (_, index) => new Tenant(this.budget, 1 + (index % 3), 1 + (index % 2)));
  }

  act(action: Step): void {
    if (action.kind === 'pass') return;
    if (action.kind === 'resize') return this.budget.resize(action.limit);
    const tenant = this.tenants[action.tenant];
    assert(tenant);
    if (action.kind === 'begin') tenant.begin();
    if (action.kind === 'finish') tenant.finish();
    if (action.kind === 'lose') tenant.lose();
    if (action.kind === 'idle') tenant.closeIdle();
    if (action.kind === 'return' && tenant.running === 0 && tenant.waiting === 0) {
      tenant.isLeased = false;
      tenant.account.onIdle();
    }
  }

  check(): void {
    const live = this.tenants.reduce((sum, tenant) => sum + tenant.live, 0);
    assert(live <= this.budget.used, 'a connection was not reserved');
    assert(live <= this.ceiling, 'there are more connections than were announced');
    assert.equal(
      this.budget.used,
      this.tenants.reduce((sum, { account }) => sum + account.reserved, 0),
    );
    assert.equal(this.ceiling, Math.max(this.budget.used, this.budget.limit));
    for (const { account, running } of this.tenants) {
      assert(account.reserved <= account.max, 'a tenant has more than its part');
      assert(running <= account.reserved, 'work runs without a connection');
    }
    if (this.budget.waiting === 0) return;
    assert(this.budget.used >= this.budget.limit, 'somebody waits for what is free');
  }

  /** Once nothing is closing any more, nobody waits while an idle tenant, or one whose turn is over, has a connection to spare. */
  checkSettled(): void {
    this.check();
    const wanting = this.tenants.filter((tenant) => tenant.waiting > 0 && tenant.account.reserved < tenant.account.max);
    assert.equal(this.budget.waiting, wanting.length);
    if (wanting.length > 0) assert(!this.tenants.some((tenant) => tenant.hasSpare), 'somebody waits while another could give way');
  }
}

describe('a connection budget', () => {
  test('is never exceeded, never takes from who is busy, lets nobody wait in vain, and settles everyone', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 4 }), fc.array(step, { maxLength: 80, size: 'max' }), async (limit, steps) => {
        const world = new World(limit);
        for (const action of steps) {
          const before = world.budget.used;
          world.act(action);
          await vi.advanceTimersByTimeAsync(action.kind === 'pass' ? action.ms : 0);
          world.check();
          assert(world.budget.used <= Math.max(before, world.budget.limit), 'it grew beyond its limit');
        }
        await vi.advanceTimersByTimeAsync(turnMs + 10);
        world.checkSettled();
        await vi.advanceTimersByTimeAsync(deadlineMs);
        for (const { works } of world.tenants) assert(!works.some(({ phase }) => phase === 'waiting'), 'somebody waits for ever');
      }),
      { numRuns: 500 },
    );
  });

  test('refuses with a time to come back once the deadline has passed', async () => {
    const { tenants, budget } = new World(1);
    const [first, second] = tenants;
    assert(first && second);
    first.begin();
    const refused = Promise.resolve(second.account.acquire()).catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(deadlineMs - 1);
    expect(budget.waiting).toBe(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(await refused).toMatchObject({ code: 'TENANT_BUSY', retryAfterMs: 1000 });
    expect(budget.waiting).toBe(0);
  });

  test('serves tenants in the order in which they came', async () => {
    const { tenants } = new World(1);
    const equals = tenants.filter(({ account }) => account.weight === 1).slice(0, 2);
    const holder = tenants.find(({ account }) => account.weight === 2);
    assert(holder);
    holder.begin();
    for (const tenant of equals) tenant.begin();
    await vi.advanceTimersByTimeAsync(turnMs);
    holder.finish();
    await vi.advanceTimersByTimeAsync(5);
    expect(equals.map(({ running }) => running)).toEqual([1, 0]);
  });

  test('makes no connection in the place of one that is still closing', async () => {
    const budget = new ConnectionBudget({ limit: 1, deadlineMs, turnMs });
    const tenant = new Tenant(budget, 1, 2);
    tenant.begin();
    tenant.finish();
    tenant.closeIdle();
    tenant.begin();
    expect([tenant.running, tenant.waiting]).toEqual([0, 1]);
    await vi.advanceTimersByTimeAsync(3);
    expect([tenant.running, tenant.waiting]).toEqual([1, 0]);
  });

  test('leaves a connection to a tenant in use for its turn, and no longer', async () => {
    const refusals: EvictionRefusal[] = [];
    const budget = new ConnectionBudget({ limit: 1, deadlineMs, turnMs, onEvictionRefused: (reason) => refusals.push(reason) });
    const [holder, other] = [new Tenant(budget, 1, 1), new Tenant(budget, 1, 1)];
    holder.begin();
    other.begin();
    holder.finish();
    await vi.advanceTimersByTimeAsync(turnMs / 2);
    expect(other.running).toBe(0);
    expect(refusals).toEqual(['working', 'turn']);
    holder.begin();
    holder.finish();
    await vi.advanceTimersByTimeAsync(turnMs / 2 + 5);
    expect(other.running).toBe(1);
  });

  test('takes it at once from a tenant that nobody uses any more', async () => {
    const budget = new ConnectionBudget({ limit: 1, deadlineMs, turnMs });
    const [holder, other] = [new Tenant(budget, 1, 1), new Tenant(budget, 1, 1)];
    holder.begin();
    other.begin();
    holder.isLeased = false;
    holder.finish();
    await vi.advanceTimersByTimeAsync(5);
    expect(other.running).toBe(1);
  });

  test('is shared by who never stops, in proportion to weight', async () => {
    const budget = new ConnectionBudget({ limit: 1, deadlineMs: 1e9, turnMs });
    const tenants = [1, 1, 2, 4].map((weight) => new Tenant(budget, weight, 1));
    const finished = tenants.map(() => 0);
    for (const tenant of tenants) for (const _ of [1, 2]) tenant.begin();
    for (let round = 0; round < 4000; round += 1) {
      await vi.advanceTimersByTimeAsync(turnMs / 5);
      for (const [index, tenant] of tenants.entries()) {
        if (tenant.running === 0) continue;
        finished[index] = (finished[index] ?? 0) + 1;
        tenant.begin();
        tenant.finish();
      }
    }
    const [least = 0, ...others] = finished;
    expect(others.map((count) => Math.round(count / least))).toEqual([1, 2, 4]);
  });
});
