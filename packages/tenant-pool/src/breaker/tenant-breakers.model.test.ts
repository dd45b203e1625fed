import assert from 'node:assert/strict';
import { TenantryError } from '@tenantry/service';
import * as fc from 'fast-check';
import { test } from 'vitest';
import type { Attempt } from './attempt.ts';
import { breakerClasses, defaultBreakerOptions, type BreakerClass } from './breaker-options.ts';
import { TenantBreakers } from './tenant-breakers.ts';

const options = defaultBreakerOptions;
const tenants = ['one', 'another'];

interface Real {
  breakers: TenantBreakers;
  clock: { now: number };
}

interface Work {
  attempt: Attempt;
  /** How often its tenant had broken down or recovered when it began. */
  turn: number;
}

/** What is known of a tenant: a record of failures, from which its state is worked out anew each time. */
class TenantModel {
  turn = 0;
  failures: { failure: BreakerClass; at: number }[] = [];
  /** The open circuits, and when each may be probed. */
  readonly open = new Map<BreakerClass, { openings: number; probeAt: number }>();
  probe: { work: Work; deadline: number } | null = null;
  readonly works: Work[] = [];

  settleProbe(now: number): void {
    if (this.probe && this.probe.deadline <= now) this.reopen(this.probe.deadline);
  }

  /** When the tenant lets work through; Infinity while a probe is under way. */
  admitsAt(): number {
    return this.probe ? Infinity : Math.max(0, ...[...this.open.values()].map(({ probeAt }) => probeAt));
  }

  reopen(now: number): void {
    this.probe = null;
    for (const [failure, { openings }] of this.open) this.#open(failure, openings + 1, now);
  }

  recover(): void {
    this.failures = [];
    if (this.open.size === 0) return;
    this.open.clear();
    this.probe = null;
    this.turn += 1;
  }

  fail(failure: BreakerClass, now: number): void {
    this.failures.push({ failure, at: now });
    const trip = options[failure];
    if (this.failures.filter((one) => one.failure === failure && one.at > now - trip.withinMs).length < trip.failures) return;
    if (this.open.size === 0) this.turn += 1;
    this.failures = this.failures.filter((one) => one.failure !== failure);
    this.#open(failure, 1, now);
  }

  #open(failure: BreakerClass, openings: number, now: number): void {
    const delayMs = Math.min(options.maxProbeDelayMs, options.probeDelayMs * 2 ** (openings - 1));
    this.open.set(failure, { openings, probeAt: now + delayMs });
  }
}

class Model {
  readonly #tenants = tenants.map(() => new TenantModel());

  tenant(which: number): TenantModel {
    return this.#tenants[which] ?? assert.fail(`there is no tenant ${which}`);
  }

  verify({ breakers, clock }: Real): void {
    for (const tenant of this.#tenants) tenant.settleProbe(clock.now);
    const expected = breakerClasses.flatMap((failure) =>
      ([false, true] as const).map((isProbed) => ({
        failure,
        state: isProbed ? 'half-open' : 'open',
        tenants: this.#tenants.filter((tenant) => tenant.open.has(failure) && (tenant.probe !== null) === isProbed).length,
      })),
    );
    assert.deepEqual(breakers.usage(), expected);
  }
}

abstract class Step implements fc.Command<Model, Real> {
  readonly which: number;

  constructor(which: number) {
    this.which = which;
  }

  check(_model: Readonly<Model>): boolean {
    return true;
  }

  run(model: Model, real: Real): void {
    const tenant = model.tenant(this.which);
    tenant.settleProbe(real.clock.now);
    this.perform(tenant, real, model);
  }

  protected abstract perform(tenant: TenantModel, real: Real, model: Model): void;

  toString(): string {
    return `${this.constructor.name} ${this.which}`;
  }
}

class Ask extends Step {
  protected perform(tenant: TenantModel, { breakers, clock }: Real): void {
    const waitMs = tenant.admitsAt() - clock.now;
    const ask = () => breakers.admit(tenants[this.which] ?? '');
    if (waitMs > 0) {
      const retryAfterMs = waitMs === Infinity ? options.minRetryAfterMs : Math.max(options.minRetryAfterMs, waitMs);
      assert.throws(ask, (error) => error instanceof TenantryError && error.retryAfterMs === retryAfterMs);
    } else {
      const work = { attempt: ask(), turn: tenant.turn };
      if (tenant.open.size > 0) tenant.probe = { work, deadline: clock.now + options.probeDeadlineMs };
      tenant.works.push(work);
    }
  }
}

/** Ends one of the pieces of work that were let through, recently or long ago. */
abstract class End extends Step {
  readonly #pick: number;

  constructor(which: number, pick: number) {
    super(which);
    this.#pick = pick;
  }

  override check(model: Readonly<Model>): boolean {
    return model.tenant(this.which).works.length > 0;
  }

  protected perform(tenant: TenantModel, { clock }: Real): void {
    const [work] = tenant.works.splice(this.#pick % tenant.works.length, 1);
    assert(work);
    this.end(tenant, work, clock.now);
  }

  protected abstract end(tenant: TenantModel, work: Work, now: number): void;
}

class Succeed extends End {
  protected end(tenant: TenantModel, work: Work): void {
    work.attempt.succeeded();
    if (work.turn === tenant.turn) tenant.recover();
  }
}

class Fail extends End {
  readonly #failure: BreakerClass;

  constructor(which: number, pick: number, failure: BreakerClass) {
    super(which, pick);
    this.#failure = failure;
  }

  protected end(tenant: TenantModel, work: Work, now: number): void {
    work.attempt.failed(this.#failure);
    if (work.turn !== tenant.turn) return;
    if (tenant.open.size === 0) return tenant.fail(this.#failure, now);
    if (tenant.probe?.work !== work) return;
    const isAnotherClass = !tenant.open.has(this.#failure);
    tenant.reopen(now);
    if (isAnotherClass) tenant.fail(this.#failure, now);
  }

  override toString(): string {
    return `${super.toString()} ${this.#failure}`;
  }
}

class Abandon extends End {
  protected end(tenant: TenantModel, work: Work): void {
    work.attempt.abandoned();
    if (tenant.probe?.work === work) tenant.probe = null;
  }
}

class Forget extends Step {
  protected perform(tenant: TenantModel, { breakers }: Real): void {
    breakers.forget(tenants[this.which] ?? '');
    // A tenant that was always well is not remembered.
    if (tenant.turn === 0 && tenant.failures.length === 0) return;
    tenant.turn += 1;
    tenant.failures = [];
    tenant.open.clear();
    tenant.probe = null;
  }
}

/** A step of its own, since to ask how many circuits are open also ends what has had its time. */
class Look extends Step {
  protected perform(_tenant: TenantModel, real: Real, model: Model): void {
    model.verify(real);
  }
}

class Wait extends Step {
  readonly #ms: number;

  constructor(ms: number) {
    super(0);
    this.#ms = ms;
  }

  protected perform(_tenant: TenantModel, { clock }: Real): void {
    clock.now += this.#ms;
  }

  override toString(): string {
    return `Wait ${this.#ms}`;
  }
}

test('circuits open, are probed and close as their model does, and never stay shut', () => {
  const which = fc.nat({ max: tenants.length - 1 });
  const pick = fc.nat({ max: 9 });
  const ask = which.map((one) => new Ask(one));
  const end = fc.tuple(which, pick);
  const failure = fc.constantFrom('unreachable', 'unreachable', 'overload', 'overload', 'authentication');
  const fail = fc.tuple(which, pick, failure).map((one) => new Fail(...one));
  const wait = fc.constantFrom(1, 100, 1000, 2000, 5000, 12_000).map((ms) => new Wait(ms));
  const succeed = end.map((one) => new Succeed(...one));
  const abandon = end.map((one) => new Abandon(...one));
  const forget = which.map((one) => new Forget(one));
  const look = which.map((one) => new Look(one));
  const steps = fc.commands([ask, ask, ask, ask, fail, fail, fail, wait, wait, succeed, abandon, forget, look, look], {
    maxCommands: 150,
    size: 'max',
  });
  fc.assert(
    fc.property(steps, (sequence) => {
      const clock = { now: 1 };
      const breaker = { forgetAfterMs: 1e9 };
      const real = { breakers: new TenantBreakers({ breaker, onChange: () => {}, now: () => clock.now, random: () => 0 }), clock };
      fc.modelRun(() => ({ model: new Model(), real }), sequence);
      clock.now += options.maxProbeDelayMs + options.probeDeadlineMs;
      for (const tenantId of tenants) real.breakers.admit(tenantId).succeeded();
      assert(real.breakers.usage().every((usage) => usage.tenants === 0));
    }),
    { numRuns: 500 },
  );
});
