import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, test } from 'vitest';
import type { ConnectionFailure } from '../connections/connection-failure.ts';
import { TenantBusyError, TenantUnavailableError } from '../errors.ts';
import type { Attempt } from './attempt.ts';
import type { BreakerOptions, BreakerState } from './breaker-options.ts';
import { TenantBreakers, type BreakerChange } from './tenant-breakers.ts';

const tenantId = randomUUID();
const other = randomUUID();

let now: number;
let chance: number;
let changes: BreakerChange[];
let breakers: TenantBreakers;

function open(breaker: Partial<BreakerOptions> = {}): TenantBreakers {
  return new TenantBreakers({ breaker, onChange: (change) => changes.push(change), now: () => now, random: () => chance });
}

beforeEach(() => {
  now = 1000;
  chance = 0;
  changes = [];
  breakers = open();
});

function fail(times: number, failure: ConnectionFailure = 'unreachable'): void {
  for (let count = 0; count < times; count += 1) breakers.admit(tenantId).failed(failure);
}

/** Lets the delay pass and takes the probe. */
function probeAfter(delayMs: number): Attempt {
  now += delayMs;
  return breakers.admit(tenantId);
}

function refusalOf(id = tenantId): unknown {
  try {
    breakers.admit(id).abandoned();
    return null;
  } catch (error) {
    return error;
  }
}

function states(): BreakerState[] {
  return changes.map(({ state }) => state);
}

describe('a healthy tenant', () => {
  test('is let through and not remembered', () => {
    for (let count = 0; count < 100; count += 1) breakers.admit(randomUUID()).succeeded();
    expect(breakers.size).toBe(0);
  });

  test('is not remembered after a failure that was followed by a success', () => {
    fail(2);
    expect(breakers.size).toBe(1);
    breakers.admit(tenantId).succeeded();
    expect(breakers.size).toBe(0);
    fail(2);
    expect(refusalOf()).toBeNull();
  });

  test('is not held back by what ails another', () => {
    fail(3);
    expect(refusalOf()).toBeInstanceOf(TenantUnavailableError);
    expect(refusalOf(other)).toBeNull();
  });
});

describe('a circuit opens', () => {
  test.each([
    ['unreachable', 3, TenantUnavailableError, 'unreachable'],
    ['missing-database', 3, TenantUnavailableError, 'unreachable'],
    ['authentication', 1, TenantUnavailableError, 'authentication'],
    ['overload', 5, TenantBusyError, 'overload'],
  ] as const)('upon %s, %i times in a row', (failure, times, error, breakerClass) => {
    fail(times - 1, failure);
    expect(refusalOf()).toBeNull();
    fail(1, failure);
    expect(refusalOf()).toBeInstanceOf(error);
    expect(refusalOf()).toMatchObject({ retryAfterMs: 1000 });
    expect(changes).toEqual([{ tenantId, failure: breakerClass, state: 'open' }]);
  });

  test('not upon failures of different classes', () => {
    fail(2, 'unreachable');
    fail(4, 'overload');
    expect(refusalOf()).toBeNull();
  });

  test('not upon failures that are far apart', () => {
    for (let count = 0; count < 10; count += 1) {
      fail(1, 'overload');
      now += 2500;
    }
    expect(refusalOf()).toBeNull();
    fail(1, 'overload');
    now += 100;
    fail(1, 'overload');
    expect(refusalOf()).toBeInstanceOf(TenantBusyError);
  });

  test('once, by however much work was under way', () => {
    const attempts = Array.from({ length: 20 }, () => breakers.admit(tenantId));
    for (const attempt of attempts) attempt.failed('unreachable');
    expect(states()).toEqual(['open']);
    expect(refusalOf()).toMatchObject({ retryAfterMs: 1000 });
  });
});

describe('an open circuit', () => {
  test('says when it will be tried, and never less than the minimum', () => {
    fail(3);
    now += 400;
    expect(refusalOf()).toMatchObject({ retryAfterMs: 600 });
    now += 599;
    expect(refusalOf()).toMatchObject({ retryAfterMs: 250 });
  });

  test('lets one probe through, and keeps everybody else off until it has an answer', () => {
    fail(3);
    const probe = probeAfter(1000);
    for (let count = 0; count < 10; count += 1) expect(refusalOf()).toMatchObject({ retryAfterMs: 250 });
    expect(breakers.usage()).toContainEqual({ failure: 'unreachable', state: 'half-open', tenants: 1 });
    probe.succeeded();
    expect(refusalOf()).toBeNull();
    expect(states()).toEqual(['open', 'half-open', 'closed']);
  });

  test('waits twice as long after each probe that fails, up to the most', () => {
    fail(3);
    const waits = [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000];
    for (const waitMs of waits) {
      expect(refusalOf()).toMatchObject({ retryAfterMs: waitMs });
      probeAfter(waitMs).failed('unreachable');
    }
  });

  test('begins with the shortest wait when it opens again after a recovery', () => {
    fail(3);
    probeAfter(1000).failed('unreachable');
    probeAfter(2000).succeeded();
    fail(3);
    expect(refusalOf()).toMatchObject({ retryAfterMs: 1000 });
  });

  test('leaves a part of the wait to chance', () => {
    chance = 1;
    fail(3);
    expect(refusalOf()).toMatchObject({ retryAfterMs: 500 });
    probeAfter(500).failed('unreachable');
    chance = 0.5;
    expect(refusalOf()).toMatchObject({ retryAfterMs: 1000 });
    probeAfter(1000).failed('unreachable');
    expect(refusalOf()).toMatchObject({ retryAfterMs: 3000 });
  });

  test('gives the turn of a probe that is abandoned to the next', () => {
    fail(3);
    probeAfter(1000).abandoned();
    breakers.admit(tenantId).succeeded();
    expect(refusalOf()).toBeNull();
    expect(states()).toEqual(['open', 'half-open', 'open', 'half-open', 'closed']);
  });

  test('takes a probe without an answer for one that failed', () => {
    fail(3);
    const lost = probeAfter(1000);
    now += 9999;
    expect(refusalOf()).toBeInstanceOf(TenantUnavailableError);
    now += 1;
    expect(refusalOf()).toMatchObject({ retryAfterMs: 2000 });
    expect(breakers.usage()).toContainEqual({ failure: 'unreachable', state: 'open', tenants: 1 });
    const next = probeAfter(2000);
    lost.failed('unreachable');
    expect(refusalOf(), 'the next probe is still under way').toMatchObject({ retryAfterMs: 250 });
    next.succeeded();
    expect(refusalOf()).toBeNull();
  });

  test('is closed by a probe that succeeds after its deadline', () => {
    fail(3);
    const slow = probeAfter(1000);
    now += 15_000;
    const another = breakers.admit(tenantId);
    slow.succeeded();
    another.failed('unreachable');
    expect(refusalOf()).toBeNull();
    expect(states().at(-1)).toBe('closed');
  });

  test('is closed together with those of other classes, which one probe tries', () => {
    fail(3);
    probeAfter(1000).failed('authentication');
    expect(changes.slice(-2)).toEqual([
      { tenantId, failure: 'unreachable', state: 'open' },
      { tenantId, failure: 'authentication', state: 'open' },
    ]);
    expect(refusalOf(), 'the longer of both waits').toMatchObject({ retryAfterMs: 2000, message: expect.stringMatching('answer') });
    const probe = probeAfter(2000);
    expect(breakers.usage().filter(({ tenants }) => tenants > 0)).toEqual([
      { failure: 'unreachable', state: 'half-open', tenants: 1 },
      { failure: 'authentication', state: 'half-open', tenants: 1 },
    ]);
    probe.succeeded();
    expect(breakers.usage().filter(({ tenants }) => tenants > 0)).toEqual([]);
    expect(refusalOf()).toBeNull();
  });
});

describe('work from another time', () => {
  test('does not open a circuit that closed after it began', () => {
    const early = Array.from({ length: 5 }, () => breakers.admit(tenantId));
    fail(3);
    now += 1000;
    breakers.admit(tenantId).succeeded();
    for (const attempt of early) attempt.failed('authentication');
    expect(refusalOf()).toBeNull();
    fail(3);
    expect(refusalOf()).toBeInstanceOf(TenantUnavailableError);
  });

  test('does not close a circuit that opened after it began', () => {
    const early = breakers.admit(tenantId);
    fail(3);
    early.succeeded();
    expect(refusalOf()).toBeInstanceOf(TenantUnavailableError);
  });

  test('takes no part in the turn of a probe', () => {
    const early = Array.from({ length: 5 }, () => breakers.admit(tenantId));
    fail(3);
    now += 1000;
    const probe = breakers.admit(tenantId);
    for (const attempt of early) attempt.failed('unreachable');
    expect(refusalOf()).toMatchObject({ retryAfterMs: 250 });
    probe.succeeded();
    expect(refusalOf()).toBeNull();
  });

  test('says nothing of credentials that were changed since', () => {
    const early = breakers.admit(tenantId);
    fail(1);
    breakers.forget(tenantId);
    early.failed('authentication');
    expect(refusalOf()).toBeNull();
  });

  test('ends once, whatever else it is said to be', () => {
    const attempt = breakers.admit(tenantId);
    for (let count = 0; count < 3; count += 1) attempt.failed('unreachable');
    expect(refusalOf()).toBeNull();
  });
});

describe('forgetting', () => {
  test('closes the circuits of a tenant whose place or credentials changed', () => {
    fail(1, 'authentication');
    breakers.forget(tenantId);
    expect(states()).toEqual(['open', 'closed']);
    expect(refusalOf()).toBeNull();
  });

  test('leaves nothing behind of a tenant that was healthy, so that changes of many drive out none that is not', () => {
    breakers = open({ maxTenants: 3 });
    fail(1, 'authentication');
    for (let count = 0; count < 3; count += 1) breakers.forget(randomUUID());
    expect(breakers.size).toBe(1);
    expect(refusalOf()).toBeInstanceOf(TenantUnavailableError);
  });

  test('happens to a tenant that nobody asks for, and not to one that is asked for', () => {
    fail(1, 'authentication');
    breakers.admit(other).failed('authentication');
    for (let count = 0; count < 4; count += 1) {
      now += 100_000;
      breakers.admit(other).abandoned();
    }
    expect(breakers.usage()).toContainEqual({ failure: 'authentication', state: 'open', tenants: 1 });
    expect(breakers.size).toBe(1);
    expect(changes.filter((change) => change.tenantId === tenantId).map(({ state }) => state)).toEqual(['open', 'closed']);
  });

  test('happens to a tenant that recovered', () => {
    fail(3);
    now += 1000;
    breakers.admit(tenantId).succeeded();
    expect(breakers.size).toBe(1);
    const late = breakers.admit(tenantId);
    for (let count = 0; count < 4; count += 1) {
      now += 100_000;
      breakers.admit(tenantId).succeeded();
    }
    expect(breakers.size).toBe(0);
    late.failed('authentication');
    expect(breakers.size).toBe(0);
  });

  test('happens to those asked for least recently, when there are too many', () => {
    breakers = open({ maxTenants: 100 });
    for (let count = 0; count < 1000; count += 1) breakers.admit(randomUUID()).failed('authentication');
    expect(breakers.size).toBe(100);
    expect(breakers.usage()).toContainEqual({ failure: 'authentication', state: 'open', tenants: 100 });
  });
});
