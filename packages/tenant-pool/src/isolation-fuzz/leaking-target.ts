import { AsyncLocalStorage } from 'node:async_hooks';
import type { SqlDriverAdapter } from '@prisma/driver-adapter-utils';
import { PrismaClient, type Prisma } from '@tenantry/prisma/tenant';
import { freeGrant } from '../handles/grant.ts';
import { switchingAdapterFactory } from '../handles/switching-adapter.ts';
import { batchingClients } from '../testing/leaking-clients.ts';
import { openTenantAdapter } from '../testing/tenant-adapters.ts';
import type { TenantDatabases } from '../testing/tenant-databases.ts';
import type { FuzzLease, FuzzTarget } from './run-fuzz.ts';

/** How a target leaks: by Prisma's batches, with handles that let it; or with one client for all that switches adapters. */
export type Leak = 'batches' | 'switching';

/** Tenants that are not kept apart. */
export async function openLeakingTarget(databases: TenantDatabases, leak: Leak): Promise<FuzzTarget & AsyncDisposable> {
  await using cleanup = new AsyncDisposableStack();
  const adapters: SqlDriverAdapter[] = [];
  for (const placement of databases.placements) adapters.push(cleanup.use(await openTenantAdapter(databases, placement)).adapter);
  const leaseOf = leak === 'batches' ? batchingLeases(cleanup) : switchingLeases(cleanup);
  const resources = cleanup.move();
  return {
    tenants: adapters.length,
    lease: async (tenant) => {
      const adapter = adapters[tenant];
      if (!adapter) throw new RangeError(`There is no tenant ${tenant}.`);
      return leaseOf(adapter);
    },
    disturb: async () => {},
    [Symbol.asyncDispose]: async () => await resources.disposeAsync(),
  };
}

type LeaseOf = (adapter: SqlDriverAdapter) => FuzzLease;

const release = async () => {};

function batchingLeases(cleanup: AsyncDisposableStack): LeaseOf {
  const clients = cleanup.use(batchingClients());
  return (adapter) => ({ db: clients.open(adapter).handleFor(freeGrant), [Symbol.asyncDispose]: release });
}

/** The naive way: whoever works for a tenant does it within that tenant's context, with the one client. */
function switchingLeases(cleanup: AsyncDisposableStack): LeaseOf {
  const current = new AsyncLocalStorage<SqlDriverAdapter>();
  const client = new PrismaClient({ adapter: switchingAdapterFactory(() => current.getStore()) });
  cleanup.defer(async () => await client.$disconnect());
  const db = Object.assign(client, { $read: async <Row>(sql: Prisma.Sql) => await client.$queryRaw<Row[]>(sql) });
  return (adapter) => ({ db, within: async (operation) => await current.run(adapter, operation), [Symbol.asyncDispose]: release });
}
