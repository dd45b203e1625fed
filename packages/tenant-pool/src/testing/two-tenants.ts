import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach } from 'vitest';
import type { ClientStrategy } from '../handles/tenant-clients.ts';
import type { TenantDb, TenantLease } from '../lease.ts';
import { openPool, type PoolFixture } from './pool-fixture.ts';
import { createTenantDatabases, type TenantDatabases } from './tenant-databases.ts';

/** A user that both tenants have under the same id: Ada in the first, Bob in the second. */
export interface TwoTenants extends AsyncDisposable {
  readonly databases: TenantDatabases;
  readonly userId: string;
  /** Name of the first one's database. */
  readonly database: string;
  open(strategy: ClientStrategy): Promise<PoolFixture>;
}

/** A pool, a lease on the first of two tenants with its handle, and one on the other. */
export interface LeasedTenants {
  readonly fixture: PoolFixture;
  readonly lease: TenantLease;
  readonly db: TenantDb;
  readonly other: TenantLease;
}

export async function createTwoTenants(): Promise<TwoTenants> {
  const databases = await createTenantDatabases(2);
  const [first, second] = [databases.tenant(0), databases.tenant(1)];
  const userId = randomUUID();
  const sql = 'INSERT INTO users (id, email, name, updated_at) VALUES ($1, $2, $3, now())';
  await databases.within(first, sql, [userId, 'user@first.test', 'Ada']);
  await databases.within(second, sql, [userId, 'user@second.test', 'Bob']);
  return {
    databases,
    userId,
    database: first.database,
    open: async (strategy) => await openPool(databases, { strategy }),
    [Symbol.asyncDispose]: async () => await databases[Symbol.asyncDispose](),
  };
}

/** Opens a pool for the tests of a suite, and leases both tenants for each of them. */
export function leaseForEachTest(tenants: () => TwoTenants, strategy: ClientStrategy, onLease: (leased: LeasedTenants) => void): void {
  let fixture: PoolFixture;

  beforeAll(async () => {
    fixture = await tenants().open(strategy);
  });
  afterAll(async () => await fixture?.[Symbol.asyncDispose]());

  beforeEach(async () => {
    const { databases } = tenants();
    const lease = await fixture.pool.lease(databases.tenant(0).tenantId, { operation: 'test' });
    const other = await fixture.pool.lease(databases.tenant(1).tenantId, { operation: 'test' });
    onLease({ fixture, lease, db: lease.db, other });
    return async () => {
      await lease[Symbol.asyncDispose]();
      await other[Symbol.asyncDispose]();
    };
  });
}
