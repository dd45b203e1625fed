import { randomUUID } from 'node:crypto';
import type { ClientStrategy } from '../handles/tenant-clients.ts';
import type { TenantLease } from '../lease.ts';
import { openPool, type PoolFixture } from './pool-fixture.ts';
import { createTenantDatabases, type TenantDatabases } from './tenant-databases.ts';

/** A user that both tenants have under the same id: Ada in the first, Bob in the second. */
export interface TwoTenants extends AsyncDisposable {
  readonly databases: TenantDatabases;
  readonly userId: string;
  /** Name of the first one's database. */
  readonly database: string;
  open(strategy: ClientStrategy): Promise<PoolFixture>;
  /** A lease on each. */
  lease(fixture: PoolFixture): Promise<[first: TenantLease, second: TenantLease]>;
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
    lease: async ({ pool }) => [
      await pool.lease(first.tenantId, { operation: 'test' }),
      await pool.lease(second.tenantId, { operation: 'test' }),
    ],
    [Symbol.asyncDispose]: async () => await databases[Symbol.asyncDispose](),
  };
}
