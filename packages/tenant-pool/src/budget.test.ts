import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ConnectionBudget } from './budget.ts';
import { TenantBusyError } from './errors.ts';

const deadlineMs = 1000;

type Step = { kind: 'lease'; tenant: number } | { kind: 'return'; tenant: number } | { kind: 'pass'; ms: number };

const tenants = fc.integer({ min: 0, max: 5 });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('lease' as const), tenant: tenants }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('return' as const), tenant: tenants }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: deadlineMs }) }) },
);

/** Tenants that hold one connection each; those without a lease give theirs up when asked, a moment later. */
class World {
  readonly budget: ConnectionBudget;
  /** Tenants with a connection, least recently used first, and whether they have a lease. */
  readonly holders = new Map<number, 'leased' | 'idle' | 'closing'>();
  readonly waiting: number[] = [];
  readonly refused: number[] = [];
  asked = 0;
  settled = 0;

  constructor(limit: number) {
    this.budget = new ConnectionBudget({ limit, deadlineMs, reclaim: () => this.#reclaim() });
  }

  lease(tenant: number): void {
    const state = this.holders.get(tenant);
    if (state === 'idle') this.#hold(tenant, 'leased');
    if (state || this.waiting.includes(tenant)) return;
    this.asked += 1;
    this.waiting.push(tenant);
    void this.budget.reserve().then(
      () => this.#granted(tenant),
      (error: unknown) => this.#refused(tenant, error),
    );
  }

  return(tenant: number): void {
    if (this.holders.get(tenant) !== 'leased') return;
    this.#hold(tenant, 'idle');
    this.budget.reclaim();
  }

  check(): void {
    assert(this.budget.used <= this.budget.limit, 'more is reserved than the limit');
    assert.equal(this.budget.used, this.holders.size);
    assert.equal(this.budget.waiting, this.waiting.length);
    if (this.waiting.length === 0) return;
    assert.equal(this.budget.used, this.budget.limit, 'somebody waits for what is free');
    assert(![...this.holders.values()].includes('idle'), 'somebody waits while another could give way');
  }

  #granted(tenant: number): void {
    assert.equal(tenant, this.waiting[0], 'served out of order');
    this.waiting.shift();
    this.settled += 1;
    this.#hold(tenant, 'leased');
  }

  #refused(tenant: number, error: unknown): void {
    assert(error instanceof TenantBusyError);
    this.waiting.splice(this.waiting.indexOf(tenant), 1);
    this.settled += 1;
    this.refused.push(tenant);
  }

  #hold(tenant: number, state: 'leased' | 'idle'): void {
    this.holders.delete(tenant);
    this.holders.set(tenant, state);
  }

  async #close(tenant: number): Promise<void> {
    await Promise.resolve();
    this.holders.delete(tenant);
    this.budget.release();
  }

  #reclaim(): Promise<void> | null {
    const [victim] = [...this.holders].find(([, state]) => state === 'idle') ?? [];
    if (victim === undefined) return null;
    this.holders.set(victim, 'closing');
    return this.#close(victim);
  }
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('a connection budget', () => {
  test('is never exceeded, serves in order, and settles everyone who waits', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 4 }), fc.array(step, { maxLength: 60, size: 'max' }), async (limit, steps) => {
        const world = new World(limit);
        for (const action of steps) {
          if (action.kind === 'lease') world.lease(action.tenant);
          if (action.kind === 'return') world.return(action.tenant);
          // Everything that follows from the step happens in microtasks.
          await vi.advanceTimersByTimeAsync(action.kind === 'pass' ? action.ms : 0);
          world.check();
        }
        await vi.advanceTimersByTimeAsync(deadlineMs);
        expect(world.waiting).toEqual([]);
        expect(world.settled).toBe(world.asked);
      }),
      { numRuns: 300 },
    );
  });

  test('refuses with a time to come back once the deadline has passed', async () => {
    const budget = new ConnectionBudget({ limit: 1, deadlineMs, reclaim: () => null });
    await budget.reserve();
    const refused = budget.reserve().catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(deadlineMs - 1);
    expect(budget.waiting).toBe(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(await refused).toMatchObject({ code: 'TENANT_BUSY', retryAfterMs: 1000 });
    expect(budget.waiting).toBe(0);
  });

  test('gives nothing on the side while others wait', async () => {
    const budget = new ConnectionBudget({ limit: 1, deadlineMs, reclaim: () => null });
    expect(budget.tryReserve()).toBe(true);
    const waiting = budget.reserve();
    expect(budget.tryReserve()).toBe(false);
    budget.release();
    await waiting;
    expect(budget.used).toBe(1);
  });
});
