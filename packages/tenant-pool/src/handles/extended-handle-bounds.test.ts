import { randomUUID } from 'node:crypto';
import { Prisma, PrismaClient } from '@tenantry/prisma/tenant';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LeaseEndedError, LeaseRevokedError, UnsupportedOperationError } from '../errors.ts';
import type { TenantDb, TenantLease } from '../lease.ts';
import type { PoolFixture } from '../testing/pool-fixture.ts';
import { createTwoTenants, leaseForEachTest, type TwoTenants } from '../testing/two-tenants.ts';
import { call, parentsOf } from '../testing/untyped-members.ts';
import { switchingAdapterFactory } from './switching-adapter.ts';

let tenants: TwoTenants;
/** The same in both tenants; the name says whose row it is. */
let id: string;

beforeAll(async () => {
  tenants = await createTwoTenants();
  id = tenants.userId;
});
afterAll(async () => await tenants?.[Symbol.asyncDispose]());

describe.each(['shared-client', 'client-per-tenant'] as const)('an extended handle over a %s', (strategy) => {
  let fixture: PoolFixture;
  let lease: TenantLease;
  let other: TenantLease;
  let db: TenantDb;

  leaseForEachTest(
    () => tenants,
    strategy,
    (leased) => ({ fixture, lease, db, other } = leased),
  );

  describe('cannot reach', () => {
    test.each(['$connect', '$disconnect'])('%s, by itself or by a parent', (method) => {
      const extended = db.$extends({ name: 'one' }).$extends({ name: 'two' });
      for (const client of [extended, ...parentsOf(extended)]) expect(() => call(client, method)).toThrow(UnsupportedOperationError);
    });

    test('the array form of $transaction', async () => {
      const extended = db.$extends({ name: 'one' });
      for (const client of [extended, ...parentsOf(extended)]) {
        await expect(call(client, '$transaction', [])).rejects.toThrow(/callback form/);
      }
    });

    test('another tenant by a transaction of somebody else’s client', async () => {
      const stranger = new PrismaClient({ adapter: switchingAdapterFactory(() => undefined) });
      for (const handle of [db, db.$extends({ name: 'one' })]) {
        const batch = stranger.$transaction([handle.user.findFirst({ where: { id } }), other.db.user.findFirst({ where: { id } })]);
        await expect(batch).rejects.toThrow(UnsupportedOperationError);
      }
      await stranger.$disconnect();
    });

    test('another tenant by a parent, amid the work of that tenant', async () => {
      const extended = db.$extends({ name: 'one' }).$extends({ name: 'two' });
      await other.db.$transaction(async () => {
        await extended.$transaction(async (tx) => {
          for (const client of [extended, extended.user, tx, tx.user].flatMap(parentsOf)) {
            expect(await call(client, '$queryRawUnsafe', 'SELECT current_database() AS name')).toEqual([{ name: tenants.database }]);
            const users: unknown = Reflect.get(client, 'user');
            expect(await call(Object(users), 'findUnique', { where: { id } })).toMatchObject({ name: 'Ada' });
          }
        });
      });
    });
  });

  describe('ends with its lease', () => {
    const cached = Prisma.defineExtension({ query: { user: { count: async () => 42 } } });

    test('when that is returned, even where it would not have asked the database', async () => {
      const extended = db.$extends(cached);
      const parents = parentsOf(extended);
      expect(await extended.user.count()).toBe(42);
      await lease[Symbol.asyncDispose]();
      await expect(extended.user.count()).rejects.toThrow(LeaseEndedError);
      await expect(extended.user.findUnique({ where: { id } })).rejects.toThrow(LeaseEndedError);
      await expect(extended.$transaction(async () => 1)).rejects.toThrow(LeaseEndedError);
      await expect(extended.$extends(cached).user.count()).rejects.toThrow(LeaseEndedError);
      for (const parent of parents) await expect(call(parent, '$queryRawUnsafe', 'SELECT 1')).rejects.toThrow(LeaseEndedError);
    });

    test('when that is revoked, in a transaction and by its parent there, too', async () => {
      const extended = db.$extends(cached);
      const name = randomUUID();
      const transaction = extended.$transaction(async (tx) => {
        await tx.team.create({ data: { name } });
        const evicted = fixture.pool.evict(lease.tenantId, 'a test wants so');
        for (const client of [tx, ...parentsOf(tx)]) {
          await expect(call(client, '$queryRawUnsafe', 'SELECT 1')).rejects.toThrow(LeaseRevokedError);
        }
        return { evicted };
      });
      await expect(transaction).rejects.toThrow(LeaseRevokedError);
      await expect(extended.user.count()).rejects.toThrow(LeaseRevokedError);
      await using again = await fixture.pool.lease(lease.tenantId, { operation: 'test' });
      expect(await again.db.team.count({ where: { name } })).toBe(0);
    });

    test('while what an extension kept throws, too', async () => {
      const kept: (() => PromiseLike<unknown>)[] = [];
      const extended = db.$extends({
        query: {
          user: {
            findMany: async ({ args, query }) => {
              kept.push(() => query(args));
              return await query(args);
            },
          },
        },
      });
      await extended.user.findMany();
      await lease[Symbol.asyncDispose]();
      expect(kept).toHaveLength(1);
      for (const again of kept) await expect(again()).rejects.toThrow(LeaseEndedError);
    });

    test('but has an operation that was begun before run to its end', async () => {
      const { count, begun, proceed } = waitingCount(db);
      await begun;
      await lease[Symbol.asyncDispose]();
      proceed();
      expect(await count).toBe(1);
    });

    test('when that is revoked, amid an operation that was begun before', async () => {
      const { count, begun, proceed } = waitingCount(db);
      await begun;
      const evicted = fixture.pool.evict(lease.tenantId, 'a test wants so');
      proceed();
      await expect(count).rejects.toThrow(LeaseRevokedError);
      await evicted;
    });
  });
});

/** Counts users by a handle whose extension waits, before it asks the database, until it may proceed. */
function waitingCount(handle: TenantDb) {
  const [start, wait] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const extended = handle.$extends({
    query: {
      user: {
        count: async ({ args, query }) => {
          start.resolve();
          await wait.promise;
          return await query(args);
        },
      },
    },
  });
  return { count: extended.user.count().then((users) => users), begun: start.promise, proceed: wait.resolve };
}
