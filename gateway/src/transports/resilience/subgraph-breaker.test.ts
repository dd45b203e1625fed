import { describe, expect, test } from 'vitest';
import { SubgraphUnavailableError } from '../../errors.ts';
import { SubgraphBreaker, type SubgraphBreakerOptions } from './subgraph-breaker.ts';

function breakerWith(options: SubgraphBreakerOptions = {}) {
  const clock = { now: 1000 };
  const changes: string[] = [];
  const onChange = (scope: string, phase: string) => void changes.push(`${scope} ${phase}`);
  const breaker = new SubgraphBreaker(onChange, {
    now: () => clock.now,
    random: () => 0,
    failuresPerTenant: 3,
    failuresInAll: 7,
    ...options,
  });
  const fail = (tenantId: string | null, times = 1) => {
    for (let turn = 0; turn < times; turn++) breaker.failed(tenantId, breaker.admit(tenantId));
  };
  const succeed = (tenantId: string | null) => breaker.succeeded(tenantId, breaker.admit(tenantId));
  return { breaker, clock, changes, fail, succeed };
}

function waitOf(breaker: SubgraphBreaker, tenantId: string | null): number | undefined {
  try {
    breaker.check(tenantId);
    return 0;
  } catch (error) {
    if (error instanceof SubgraphUnavailableError) return error.retryAfterMs;
    throw error;
  }
}

describe("a tenant's circuit", () => {
  test('opens after so many failures in a row, for that tenant only', () => {
    const { breaker, changes, fail } = breakerWith();
    fail('one', 2);
    expect(waitOf(breaker, 'one')).toBe(0);
    fail('one');
    expect([waitOf(breaker, 'one'), waitOf(breaker, 'another'), waitOf(breaker, null)]).toEqual([1000, 0, 0]);
    expect(changes).toEqual(['tenant open']);
    expect(() => breaker.admit('one')).toThrow(expect.objectContaining({ code: 'TENANT_UNAVAILABLE', retryAfterMs: 1000 }));
  });

  test('counts failures in a row, and recent ones', () => {
    const { breaker, clock, fail, succeed } = breakerWith({ withinMs: 5000 });
    fail('one', 2);
    succeed('one');
    fail('one', 2);
    clock.now += 5000;
    fail('one', 2);
    expect(waitOf(breaker, 'one')).toBe(0);
    fail('one');
    expect(waitOf(breaker, 'one')).toBe(1000);
  });

  test('lets one probe through when it is time, whose success closes it', () => {
    const { breaker, clock, changes, fail } = breakerWith();
    fail('one', 3);
    clock.now += 999;
    expect(waitOf(breaker, 'one')).toBe(250);
    clock.now += 1;
    const probe = breaker.admit('one');
    expect(waitOf(breaker, 'one')).toBe(250);
    breaker.succeeded('one', probe);
    expect(waitOf(breaker, 'one')).toBe(0);
    expect(changes).toEqual(['tenant open', 'tenant half-open', 'tenant closed']);
    fail('one', 2);
    expect(waitOf(breaker, 'one')).toBe(0);
  });

  test('is probed ever later while probes fail', () => {
    const { breaker, clock, fail } = breakerWith({ maxProbeDelayMs: 5000 });
    fail('one', 3);
    const waits: (number | undefined)[] = [];
    for (let turn = 0; turn < 4; turn++) {
      const waitMs = waitOf(breaker, 'one') ?? 0;
      waits.push(waitMs);
      clock.now += waitMs;
      fail('one');
    }
    expect(waits).toEqual([1000, 2000, 4000, 5000]);
  });

  test('leaves the turn of a probe that was given up to the next', () => {
    const { breaker, clock, fail } = breakerWith();
    fail('one', 3);
    clock.now += 1000;
    breaker.abandoned('one', breaker.admit('one'));
    breaker.succeeded('one', breaker.admit('one'));
    expect(waitOf(breaker, 'one')).toBe(0);
  });

  test('takes no notice of what began before it opened, nor before it closed again', () => {
    const { breaker, clock, fail } = breakerWith();
    const early = Array.from({ length: 6 }, () => breaker.admit('one'));
    fail('one', 3);
    breaker.succeeded('one', early[0]!);
    breaker.failed('one', early[1]!);
    expect(waitOf(breaker, 'one')).toBe(1000);
    clock.now += 1000;
    const probe = breaker.admit('one');
    breaker.succeeded('one', early[2]!);
    expect(waitOf(breaker, 'one')).toBe(250);
    breaker.succeeded('one', probe);
    for (const ticket of early.slice(3)) breaker.failed('one', ticket);
    expect(waitOf(breaker, 'one')).toBe(0);
  });
});

describe('the circuit of a whole subgraph', () => {
  test('opens when several tenants have no answer, and is closed by the probe of any', () => {
    const { breaker, clock, changes, fail, succeed } = breakerWith();
    fail('one', 3);
    fail('another', 3);
    expect(waitOf(breaker, 'third')).toBe(0);
    fail('third');
    expect([waitOf(breaker, 'third'), waitOf(breaker, 'fourth'), waitOf(breaker, null)]).toEqual([1000, 1000, 1000]);
    clock.now += 1000;
    succeed('fourth');
    expect([waitOf(breaker, 'third'), waitOf(breaker, 'fourth')]).toEqual([0, 0]);
    expect(changes).toEqual(['tenant open', 'tenant open', 'subgraph open', 'subgraph half-open', 'subgraph closed']);
  });

  test('stays closed while others are answered', () => {
    const { breaker, fail, succeed } = breakerWith();
    for (let tenant = 0; tenant < 50; tenant++) {
      fail(`tenant ${tenant}`, 3);
      succeed('well');
    }
    expect(waitOf(breaker, 'well')).toBe(0);
  });

  test('is not opened by one tenant alone, however often that is probed', () => {
    const { breaker, clock, fail } = breakerWith({ withinMs: Infinity });
    fail('one', 3);
    for (let probe = 0; probe < 50; probe++) {
      clock.now += waitOf(breaker, 'one') ?? 0;
      fail('one');
    }
    expect(waitOf(breaker, 'another')).toBe(0);
  });
});

describe('memory', () => {
  test('is held for tenants that fail, and no others', () => {
    const { breaker, fail, succeed } = breakerWith();
    for (let tenant = 0; tenant < 100; tenant++) succeed(`tenant ${tenant}`);
    expect(breaker.size).toBe(0);
    fail('one');
    expect(breaker.size).toBe(1);
  });

  test('is bounded; who was forgotten is let through, and nothing of theirs counts any longer', () => {
    const { breaker, clock, changes, fail } = breakerWith({ maxTenants: 2, failuresInAll: 1000, forgetAfterMs: 10_000 });
    for (let tenant = 0; tenant < 10; tenant++) fail(`tenant ${tenant}`, 3);
    expect(breaker.size).toBe(2);
    expect([waitOf(breaker, 'tenant 0'), waitOf(breaker, 'tenant 9')]).toEqual([0, 1000]);
    expect(changes.filter((change) => change === 'tenant closed')).toHaveLength(8);
    clock.now += 10_001;
    expect(waitOf(breaker, 'tenant 9')).toBe(0);
  });
});
