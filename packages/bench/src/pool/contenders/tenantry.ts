import { randomBytes } from 'node:crypto';
import { seal, silentLogger } from '@tenantry/service';
import { createTenantDirectory, createTenantPool, type TenantPlacement, type TenantPool } from '@tenantry/tenant-pool';
import * as client from '../../../generated/prisma/client.ts';
import type { Tenant } from '../tenant.ts';
import type { Contender, Db, TenantrySpec } from './contender.ts';

export interface TenantryContender extends Contender {
  readonly pool: TenantPool;
}

const keyRing = new Map([['bench', randomBytes(32)]]);

/** Nothing changes during a run. */
const silentBus = {
  publish: async () => {},
  subscribe: () => ({ [Symbol.dispose]: () => {} }),
};

/** Milliseconds that a run may last: a tenant that was warm stays so. */
const aRunMs = 3_600_000;

export interface TenantryOverrides {
  /** Milliseconds after which an unused connection is closed. Default: the pool's own. */
  idleConnectionMs?: number;
}

/** This project's pool, over a directory in memory. */
export async function openTenantry(
  { strategy, connections, connectionsPerTenant }: TenantrySpec,
  tenants: readonly Tenant[],
  overrides: TenantryOverrides = {},
): Promise<TenantryContender> {
  const placements = new Map(tenants.map((tenant) => [tenant.tenantId, placementOf(tenant)]));
  const directory = createTenantDirectory({
    source: { findPlacement: async (tenantId) => placements.get(tenantId) ?? null },
    bus: silentBus,
    logger: silentLogger,
  });
  const pool = await createTenantPool({
    directory,
    keyRing,
    service: 'bench',
    logger: silentLogger,
    strategy,
    client,
    limits: { connectionsPerCluster: connections, connectionsPerTenant, idleTenantMs: aRunMs, ...overrides },
  });
  return {
    pool,
    use: async (tenantId, work) => {
      await using lease = await pool.lease(tenantId, { operation: 'bench' });
      return await work(asDb(lease.db));
    },
    [Symbol.asyncDispose]: async () => {
      await pool[Symbol.asyncDispose]();
      await directory[Symbol.asyncDispose]();
    },
  };
}

/** The lease's own type knows the models of a tenant's schema; the client that it was made from has more. */
function asDb(db: object): Db {
  assertHasBenchModels(db);
  return db;
}

function assertHasBenchModels(db: object): asserts db is Db {
  if (!('webhookEndpoint' in db)) throw new TypeError('The pool was made with another client than that of the benchmarks.');
}

function placementOf({ tenantId, url }: Tenant): TenantPlacement {
  const { hostname, port, pathname, username, password } = new URL(url);
  return {
    tenantId,
    slug: `bench-${tenantId}`,
    status: 'ACTIVE',
    tier: 'STANDARD',
    cluster: 'bench',
    host: hostname,
    port: Number(port),
    sslMode: 'disable',
    pooling: 'direct',
    database: pathname.slice(1),
    role: username,
    sealedPassword: seal(password, tenantId, keyRing),
    credentialVersion: 1,
  };
}
