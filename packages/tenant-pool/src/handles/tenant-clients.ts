import type { SqlDriverAdapter } from '@prisma/driver-adapter-utils';
import * as tenantClient from '@tenantry/prisma/tenant';
import type { TenantDb } from '../lease.ts';
import type { TenantClientModule } from './client-module.ts';
import { clientPerTenant } from './client-per-tenant.ts';
import type { HandleGrant } from './grant.ts';
import { sharedClient } from './shared-client.ts';

/**
 * How tenants come by a Prisma client: all share one, with one query compiler and one plan cache, or each has its own, which
 * costs megabytes per tenant and does not depend on keeping operations apart within a client.
 */
export type ClientStrategy = 'shared-client' | 'client-per-tenant';

/** The Prisma client or clients of a pool. */
export interface TenantClients extends AsyncDisposable {
  /** A client over one tenant's adapter, which stays the caller's. Connects to nothing. */
  open(adapter: SqlDriverAdapter): EntryClient;
}

/**
 * One tenant's way through Prisma. Dispose of it when no operation is in flight: operations of its handles throw {@link NoTenantError}
 * from then on.
 */
export interface EntryClient extends AsyncDisposable {
  /** Binds a client to `grant`. Whatever it does reaches this tenant, wherever and whenever it is awaited. */
  handleFor(grant: HandleGrant): TenantDb;
}

export interface TenantClientsOptions {
  /** Default `shared-client`. */
  strategy?: ClientStrategy;
  /** Default: `@tenantry/prisma/tenant`. */
  client?: TenantClientModule;
  /** Milliseconds that an interactive transaction may wait for its connection. Prisma's own default is 2000. */
  transactionWaitMs: number;
}

const strategies = { 'shared-client': sharedClient, 'client-per-tenant': clientPerTenant };

export function createTenantClients({
  strategy = 'shared-client',
  client = tenantClient,
  transactionWaitMs,
}: TenantClientsOptions): TenantClients {
  return strategies[strategy](client, { errorFormat: 'minimal', transactionOptions: { maxWait: transactionWaitMs } });
}
