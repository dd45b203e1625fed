import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ConnectionBudget, type BudgetOptions, type EvictionRefusal } from './connection-budget.ts';
import { SimulatedTenant } from './testing/simulated-tenant.ts';

const deadlineMs = 1000;
const turnMs = 100;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function open(options: Partial<BudgetOptions> = {}): ConnectionBudget {
  return new ConnectionBudget({ limit: 1, deadlineMs, turnMs, ...options });
}

function tenantOf(budget: ConnectionBudget, { max = 1, weight = 1 } = {}): SimulatedTenant {
  return new SimulatedTenant(budget, { max, weight });
}

describe('a connection budget', () => {
  test('refuses with a time to come back once the deadline has passed', async () => {
    const budget = open();
    const [first, second] = [tenantOf(budget), tenantOf(budget)];
    first.begin();
    const refused = Promise.resolve(second.account.acquire()).catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(deadlineMs - 1);
    expect(budget.waiting).toBe(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(await refused).toMatchObject({ code: 'TENANT_BUSY', retryAfterMs: 1000 });
    expect(budget.waiting).toBe(0);
  });

  test.each([
    ['all of the tenant', { limit: 2 }, /^All 1 connections of the tenant were in use for 1000 ms\.$/],
    ['all to the cluster', { limit: 1 }, /^All 1 connections to the cluster were in use for 1000 ms\.$/],
    ['that this process has none', { limit: 0 }, /^This process had no connection to the cluster for 1000 ms\.$/],
  ])('says what was in use when it refuses: %s', async (_what, { limit }, message) => {
    const budget = open({ limit });
    const [holder, other] = [tenantOf(budget), tenantOf(budget)];
    if (limit > 0) holder.begin();
    const refused = Promise.resolve((limit === 2 ? holder : other).account.acquire()).catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(deadlineMs);
    expect(await refused).toMatchObject({ message: expect.stringMatching(message) });
  });

  test('leaves no timer behind when nobody waits any more', async () => {
    const budget = open();
    const [first, second] = [tenantOf(budget), tenantOf(budget)];
    first.begin();
    second.begin();
    first.lose();
    await vi.advanceTimersByTimeAsync(0);
    expect(second.running).toBe(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('serves tenants in the order in which they came', async () => {
    const budget = open();
    const holder = tenantOf(budget, { weight: 2 });
    const equals = [tenantOf(budget), tenantOf(budget)];
    holder.begin();
    for (const tenant of equals) tenant.begin();
    await vi.advanceTimersByTimeAsync(turnMs);
    holder.finish();
    await vi.advanceTimersByTimeAsync(5);
    expect(equals.map(({ running }) => running)).toEqual([1, 0]);
  });

  test('makes no connection in the place of one that is still closing', async () => {
    const tenant = tenantOf(open(), { max: 2 });
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
    const budget = open({ onEvictionRefused: (reason) => refusals.push(reason) });
    const [holder, other] = [tenantOf(budget), tenantOf(budget)];
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
    const budget = open();
    const [holder, other] = [tenantOf(budget), tenantOf(budget)];
    holder.begin();
    other.begin();
    holder.isLeased = false;
    holder.finish();
    await vi.advanceTimersByTimeAsync(5);
    expect(other.running).toBe(1);
  });

  test('is shared by who never stops, in proportion to weight', async () => {
    const budget = open({ deadlineMs: 1e9 });
    const tenants = [1, 1, 2, 4].map((weight) => tenantOf(budget, { weight }));
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

  test('has back what it told a tenant to give up and that had closed by itself', async () => {
    const budget = open();
    const account = budget.open({ isIdle: () => true, evict: () => {}, closeSpare: () => false }, { max: 1, weight: 1 });
    const end = await account.acquire();
    account.onConnectionStart();
    end();
    account.evict();
    account.onConnectionLeave(false);
    account.onConnectionEnd();
    const waiting = tenantOf(budget);
    waiting.begin();
    account.close();
    await vi.advanceTimersByTimeAsync(0);
    expect([budget.used, waiting.running]).toEqual([1, 1]);
  });
});

describe('a lowered limit', () => {
  test('closes at once what is spare, though it is in its turn', async () => {
    const budget = open({ limit: 2 });
    const tenant = tenantOf(budget, { max: 2 });
    tenant.begin();
    tenant.begin();
    tenant.finish();
    budget.resize(1);
    await vi.advanceTimersByTimeAsync(5);
    expect([tenant.live, budget.used]).toEqual([1, 1]);
  });

  test('has work give up its connection as it ends, though more of the tenant waits and its turn goes on', async () => {
    const budget = open({ limit: 2 });
    const tenant = tenantOf(budget, { max: 2 });
    for (let works = 1; works <= 3; works += 1) tenant.begin();
    budget.resize(1);
    tenant.finish();
    await vi.advanceTimersByTimeAsync(5);
    expect([tenant.live, tenant.waiting]).toEqual([1, 1]);
  });
});

test('a tenant whose part is lowered while it waits gets no more than that', async () => {
  const budget = open({ limit: 2 });
  const [tenant, other] = [tenantOf(budget, { max: 2 }), tenantOf(budget)];
  tenant.begin();
  other.begin();
  tenant.begin();
  tenant.account.setLimits({ max: 1, weight: 1 });
  other.lose();
  await vi.advanceTimersByTimeAsync(0);
  expect([tenant.account.reserved, tenant.waiting, budget.waiting]).toEqual([1, 1, 0]);
});
