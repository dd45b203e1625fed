import type { LookupFunction } from 'node:net';
import { vi } from 'vitest';
import type { TenantPlacement } from '../directory/placement.ts';
import type { PoolLimits } from '../limits.ts';
import { openPool, type PoolFixture } from '../testing/pool-fixture.ts';
import type { TenantDatabases } from '../testing/tenant-databases.ts';
import { Incidents } from './incidents.ts';
import { startTraffic, type Traffic } from './traffic.ts';

export interface SceneOptions {
  databases: TenantDatabases;
  /** Who has traffic. Default: all tenants. */
  tenants?: readonly TenantPlacement[];
  limits?: Partial<PoolLimits>;
  lookup?: LookupFunction;
  /** Where the catalog differs from the databases' own placements, by tenant. */
  changes?: ReadonlyMap<string, Partial<TenantPlacement>>;
}

/** A pool under traffic, in which something is about to fail. */
export interface Scene extends PoolFixture {
  readonly traffic: Traffic;
  /**
   * Stops the traffic and looks for what holds after no fault: errors other than those `allowed`, by tenant; what was confirmed and is not
   * in its database, or is there twice; connections that are left, or a part of the budget; what nobody handled.
   *
   * @returns what was found, in a sentence each
   */
  end(allowed?: (tenant: TenantPlacement) => readonly string[]): Promise<string[]>;
}

const shortLimits: Partial<PoolLimits> = {
  connectionsPerCluster: 12,
  connectionsPerTenant: 3,
  acquireDeadlineMs: 1500,
  connectionDeadlineMs: 1500,
  idleConnectionMs: 300,
  statementTimeoutMs: 3000,
  idleInTransactionMs: 3000,
  drainDeadlineMs: 1000,
};

/** Quick to try again, so that a test need not wait. */
const breaker = { probeDelayMs: 50, maxProbeDelayMs: 400 };

/** By when connections are closed that are idle. */
const calm = { timeout: 20_000, interval: 50 };

export async function openScene(options: SceneOptions): Promise<Scene> {
  const { databases, tenants = databases.placements, limits, lookup, changes = new Map<never, never>() } = options;
  await using cleanup = new AsyncDisposableStack();
  const incidents = cleanup.use(new Incidents());
  const fixture = cleanup.use(await openPool(databases, { limits: { ...shortLimits, ...limits }, breaker, ...(lookup && { lookup }) }));
  for (const [tenantId, change] of changes) fixture.table.update(tenantId, change);
  const traffic = startTraffic(fixture.pool, tenants);
  cleanup.defer(async () => await traffic.stop());
  await traffic.flows();
  const owned = cleanup.move();
  return {
    ...fixture,
    traffic,
    end: async (allowed = () => []) => {
      await traffic.stop();
      const errors = traffic.tenants.flatMap((own) => own.wrongErrors(allowed(own.tenant)));
      const left = await whatIsLeft(fixture, databases, tenants);
      const marks = traffic.tenants.map(async (own) => own.wrongMarks(await marksOf(databases, own.tenant)));
      return [...errors, ...left, ...(await Promise.all(marks)).flat(), ...incidents.seen];
    },
    [Symbol.asyncDispose]: async () => await owned.disposeAsync(),
  };
}

const gauges = ['reserved_connections', 'open_connections', 'leases', 'budget_waiters', 'connection_waiters'];

async function whatIsLeft(fixture: PoolFixture, databases: TenantDatabases, tenants: readonly TenantPlacement[]): Promise<string[]> {
  let left: string[] = [];
  const look = async () => {
    const values = gauges.map(async (name) => [name, await fixture.metric(`tenantry_pool_${name}`)] as const);
    const sessions = tenants.map(async (tenant) => [`sessions of ${tenant.database}`, (await databases.sessions(tenant)).length] as const);
    const counts = await Promise.all([...values, ...sessions]);
    left = counts.filter(([, count]) => count !== 0).map(([name, count]) => `${name}: ${count}`);
    return left.length === 0;
  };
  await vi.waitUntil(look, calm).catch(() => {});
  return left;
}

async function marksOf(databases: TenantDatabases, tenant: TenantPlacement): Promise<string[]> {
  return (await databases.within<{ mark: string }>(tenant, 'SELECT mark FROM marks')).map(({ mark }) => mark);
}
