import type { LookupFunction } from 'node:net';
import type { KeyRing, Logger } from '@tenantry/service';
import type { Registry } from 'prom-client';
import type { BreakerOptions } from './breaker/breaker-options.ts';
import { ClusteredTenantPool } from './clustered-tenant-pool.ts';
import { assertOneDriver } from './connections/driver.ts';
import type { TenantDirectory } from './directory/tenant-directory.ts';
import type { TenantClientModule } from './handles/client-module.ts';
import { createTenantClients, type ClientStrategy } from './handles/tenant-clients.ts';
import type { TenantPool } from './lease.ts';
import { defaultLimits, type PoolLimits } from './limits.ts';
import { assertIsolation } from './self-test/assert-isolation.ts';
import type { ShareRegister } from './shares/share-register.ts';

export interface TenantPoolOptions {
  /** Stays the caller's to dispose of, after the pool. */
  directory: TenantDirectory;
  /** Opens the tenants' sealed passwords. */
  keyRing: KeyRing;
  /** Name of the service; its connections bear it as `application_name=tenantry:<service>`. */
  service: string;
  logger: Logger;
  /** Where the pool's metrics are registered. Default: nowhere. */
  metrics?: Registry;
  limits?: Partial<PoolLimits>;
  /** When a tenant's database counts as failing, and how it is tried again. */
  breaker?: Partial<BreakerOptions>;
  /** Divides each cluster's connections between processes. Stays the caller's to dispose of, after the pool. Default: this process has all. */
  shares?: ShareRegister;
  /** The generated client behind every tenant's handle. Default: `@tenantry/prisma/tenant`. */
  client?: TenantClientModule;
  /** Whether tenants share one Prisma client, or each has its own. Default `shared-client`. */
  strategy?: ClientStrategy;
  /** Finds the address of a cluster's host by its name. Default: as the system does. */
  lookup?: LookupFunction;
  /** Told of every SQL statement after it ran, for counting and timing. Must not throw. */
  onStatement?: (tenantId: string, sql: string, durationMs: number) => void;
}

/** Milliseconds added to the wait for a connection, so that it is the pool that gives up before Prisma does, and says why. */
const transactionWaitMarginMs = 1000;

/**
 * Opens the pool of this process; there is one Prisma client behind it, so there shall be one pool.
 *
 * @throws {IsolationError} when handles of two tenants are not kept apart: the process must not serve
 * @throws {DuplicateDriverError} when two copies of `pg` are loaded
 */
export async function createTenantPool(options: TenantPoolOptions): Promise<TenantPool> {
  const limits = { ...defaultLimits, ...options.limits };
  await assertOneDriver();
  const clients = createTenantClients({
    transactionWaitMs: limits.acquireDeadlineMs + limits.connectionDeadlineMs + transactionWaitMarginMs,
    ...(options.client && { client: options.client }),
    ...(options.strategy && { strategy: options.strategy }),
  });
  try {
    await assertIsolation(clients);
  } catch (error) {
    await clients[Symbol.asyncDispose]();
    throw error;
  }
  const pool = new ClusteredTenantPool(options, limits, clients);
  try {
    await pool.proveIsolation();
    return pool;
  } catch (error) {
    await pool[Symbol.asyncDispose]();
    throw error;
  }
}
