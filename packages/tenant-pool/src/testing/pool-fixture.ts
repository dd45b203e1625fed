import { silentLogger } from '@tenantry/service';
import { Registry } from 'prom-client';
import type { PlacementSource } from '../directory/placement.ts';
import { createTenantDirectory, type TenantDirectory } from '../directory/tenant-directory.ts';
import type { TenantPool } from '../lease.ts';
import { createTenantPool, type TenantPoolOptions } from '../tenant-pool.ts';
import { LocalBus } from './local-bus.ts';
import { PlacementTable } from './placements.ts';
import type { TenantDatabases } from './tenant-databases.ts';

export interface PoolFixture extends AsyncDisposable {
  readonly pool: TenantPool;
  readonly directory: TenantDirectory;
  readonly table: PlacementTable;
  readonly bus: LocalBus;
  readonly metrics: Registry;
  /** The value of a metric, summed over the samples that have all of `labels`. */
  metric(name: string, labels?: Record<string, string>): Promise<number>;
}

export interface PoolFixtureOptions extends Partial<TenantPoolOptions> {
  /** Whether the self-test opens tenants at start; else it is due with the second that is leased. Default false. */
  listsTenants?: boolean;
}

/** Has the self-test between two tenants over and done with, and closes both: for tests that count connections. */
export async function settleSelfTest({ pool }: PoolFixture, { placements }: TenantDatabases): Promise<void> {
  const two = placements.slice(0, 2);
  for (const { tenantId } of two) await (await pool.lease(tenantId, { operation: 'self-test' }))[Symbol.asyncDispose]();
  for (const { tenantId } of two) await pool.evict(tenantId, 'self-test');
}

/** A pool over tenants that exist, with a catalog in memory whose changes can be published. */
export async function openPool(
  databases: TenantDatabases,
  { listsTenants = false, ...options }: PoolFixtureOptions = {},
): Promise<PoolFixture> {
  const table = new PlacementTable(databases.placements);
  const bus = new LocalBus();
  const directory = createTenantDirectory({ source: listsTenants ? table : unlisted(table), bus, logger: silentLogger });
  const metrics = new Registry();
  const { keyRing } = databases;
  const pool = await createTenantPool({ directory, keyRing, service: 'test', logger: silentLogger, metrics, ...options });
  return {
    pool,
    directory,
    table,
    bus,
    metrics,
    metric: async (name, labels = {}) => {
      const { values } = (await metrics.getMetricsAsJSON()).find((metric) => metric.name === name) ?? { values: [] };
      const matching = values.filter((sample) => Object.entries(labels).every(([label, value]) => sample.labels[label] === value));
      return matching.reduce((sum, sample) => sum + sample.value, 0);
    },
    [Symbol.asyncDispose]: async () => {
      await pool[Symbol.asyncDispose]();
      await directory[Symbol.asyncDispose]();
    },
  };
}

function unlisted(table: PlacementTable): PlacementSource {
  return { findPlacement: async (tenantId) => await table.findPlacement(tenantId) };
}
