import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TenantUnavailableError } from './errors.ts';
import type { TenantLease } from './lease.ts';
import { openPool, settleSelfTest, type PoolFixture } from './testing/pool-fixture.ts';
import { createTenantDatabases, type TenantDatabases } from './testing/tenant-databases.ts';

const tenantCount = 5;
const capacity = 3;
const outlasting = 600_000;

let databases: TenantDatabases;

beforeAll(async () => void (databases = await createTenantDatabases(tenantCount)));
afterAll(async () => await databases?.[Symbol.asyncDispose]());

/** What the pool should hold, and in which order it should serve. */
class Model {
  /** Open tenants, least recently used first, with the leases on each. */
  readonly open = new Map<number, TenantLease[]>();
  /** Leases asked for and not granted, in the order of the asking. */
  readonly waiting: { tenant: number; lease: Promise<TenantLease> }[] = [];

  isOpen(tenant: number): boolean {
    return this.open.has(tenant);
  }

  /** Moves the tenant to the most recently used. */
  use(tenant: number, leases: TenantLease[]): void {
    this.open.delete(tenant);
    this.open.set(tenant, leases);
  }

  /** Grants what can be granted: to a tenant that is open, else to the first who waits, at the cost of the least recently used. */
  async settle(): Promise<void> {
    for (let next = this.#nextServed(); next !== undefined; next = this.#nextServed()) {
      const idle = [...this.open].find(([, leases]) => leases.length === 0)?.[0];
      if (!this.isOpen(next) && this.open.size === capacity && idle !== undefined) this.open.delete(idle);
      const leases = await Promise.all(this.waiting.filter(({ tenant }) => tenant === next).map(async ({ lease }) => await lease));
      this.waiting.splice(0, Infinity, ...this.waiting.filter(({ tenant }) => tenant !== next));
      this.use(next, [...(this.open.get(next) ?? []), ...leases]);
    }
  }

  #nextServed(): number | undefined {
    const atOnce = this.waiting.find(({ tenant }) => this.isOpen(tenant));
    if (atOnce) return atOnce.tenant;
    const isRoom = this.open.size < capacity || [...this.open.values()].some((leases) => leases.length === 0);
    return isRoom ? this.waiting[0]?.tenant : undefined;
  }

  /** Checks against Postgres that exactly the open tenants have a connection, and that each lease reaches its own tenant. */
  async verify(): Promise<void> {
    const expected = [...this.open.keys()].map((tenant) => databases.tenant(tenant).database);
    assert.deepEqual(await connectedDatabases(), expected.toSorted());
    for (const [tenant, leases] of this.open) {
      for (const { db } of leases) {
        assert.deepEqual(await db.$queryRaw`SELECT current_database()::text AS name`, [{ name: databases.tenant(tenant).database }]);
      }
    }
  }
}

async function connectedDatabases(): Promise<string[]> {
  const names = databases.placements.map(({ database }) => database);
  // Autovacuum connects to databases, too.
  const query = `SELECT DISTINCT datname::text FROM pg_stat_activity WHERE datname = ANY($1) AND backend_type = 'client backend'`;
  const rows = await databases.administer<{ datname: string }>(query, [names]);
  return rows.map(({ datname }) => datname).toSorted();
}

abstract class Step implements fc.AsyncCommand<Model, PoolFixture> {
  readonly tenant: number;

  constructor(tenant: number) {
    this.tenant = tenant;
  }

  check(_model: Readonly<Model>): boolean {
    return true;
  }

  async run(model: Model, { pool }: PoolFixture): Promise<void> {
    await this.perform(model, pool);
    await model.settle();
    await model.verify();
  }

  protected abstract perform(model: Model, pool: PoolFixture['pool']): Promise<void>;

  toString(): string {
    return `${this.constructor.name} ${this.tenant}`;
  }
}

class Lease extends Step {
  protected async perform(model: Model, pool: PoolFixture['pool']): Promise<void> {
    const lease = pool.lease(databases.tenant(this.tenant).tenantId, { operation: 'model' });
    lease.catch(() => {});
    model.waiting.push({ tenant: this.tenant, lease });
  }
}

/** Returns every lease of one of the tenants that have some, so that there are idle ones to choose from. */
class Return extends Step {
  override check(model: Readonly<Model>): boolean {
    return [...model.open.values()].some((leases) => leases.length > 0);
  }

  protected async perform(model: Model): Promise<void> {
    const inUse = [...model.open].filter(([, leases]) => leases.length > 0);
    const [tenant, leases] = inUse[this.tenant % inUse.length] ?? [this.tenant, []];
    for (const lease of leases) await lease[Symbol.asyncDispose]();
    model.use(tenant, []);
  }
}

class Evict extends Step {
  override check(model: Readonly<Model>): boolean {
    // Eviction waits for a tenant that is being opened, and here that waits for another step.
    return !model.waiting.some(({ tenant }) => tenant === this.tenant);
  }

  protected async perform(model: Model, pool: PoolFixture['pool']): Promise<void> {
    await pool.evict(databases.tenant(this.tenant).tenantId, 'model');
    for (const { db } of model.open.get(this.tenant) ?? []) await assert.rejects(async () => await db.user.count(), /was evicted/);
    model.open.delete(this.tenant);
  }
}

test('the pool opens, keeps, closes and serves tenants as its model does', { timeout: 120_000 }, async () => {
  const tenant = fc.integer({ min: 0, max: tenantCount - 1 });
  const lease = tenant.map((which) => new Lease(which));
  const giveBack = tenant.map((which) => new Return(which));
  const evict = tenant.map((which) => new Evict(which));
  const steps = fc.commands([lease, lease, lease, giveBack, giveBack, giveBack, evict], { maxCommands: 60, size: 'max' });
  // Times that outlast the test: an open tenant keeps its connection, however long the steps take.
  const limits = {
    connectionsPerCluster: capacity,
    acquireDeadlineMs: 60_000,
    connectionDeadlineMs: 60_000,
    turnMs: outlasting,
    idleConnectionMs: outlasting,
    idleTenantMs: outlasting,
  };
  await fc.assert(
    fc.asyncProperty(steps, async (sequence) => {
      const model = new Model();
      await using fixture = await openPool(databases, { limits });
      await settleSelfTest(fixture, databases);
      await fc.asyncModelRun(() => ({ model, real: fixture }), sequence);
      const stopped = fixture.pool[Symbol.asyncDispose]();
      for (const { lease: refused } of model.waiting) await expect(refused).rejects.toThrow(TenantUnavailableError);
      for (const held of [...model.open.values()].flat()) await held[Symbol.asyncDispose]();
      await stopped;
    }),
    { numRuns: 15, interruptAfterTimeLimit: 60_000 },
  );
});
