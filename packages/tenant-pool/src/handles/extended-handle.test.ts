import { randomUUID } from 'node:crypto';
import { Prisma } from '@tenantry/prisma/tenant';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TenantDb, TenantLease } from '../lease.ts';
import { createTwoTenants, leaseForEachTest, type TwoTenants } from '../testing/two-tenants.ts';
import { call, parentsOf } from '../testing/untyped-members.ts';

let tenants: TwoTenants;
/** The same in both tenants; the name says whose row it is. */
let id: string;

beforeAll(async () => {
  tenants = await createTwoTenants();
  id = tenants.userId;
});
afterAll(async () => await tenants?.[Symbol.asyncDispose]());

/** A handle whose models read a name through their own context. */
const withNames = (handle: TenantDb) =>
  handle.$extends({
    model: {
      $allModels: {
        async nameOf(this: unknown, where: { id: string }): Promise<unknown> {
          const self: unknown = Prisma.getExtensionContext(this);
          const row: unknown = await call(Object(self), 'findUnique', { where });
          return Reflect.get(Object(row), 'name');
        },
      },
    },
  });

/** A handle whose every model operation passes through a hook. */
const withHook = (handle: TenantDb) =>
  handle.$extends({ query: { $allModels: { $allOperations: async ({ args, query }) => await query(args) } } });

describe.each(['shared-client', 'client-per-tenant'] as const)('a handle over a %s, extended by its caller', (strategy) => {
  let other: TenantLease;
  let db: TenantDb;

  leaseForEachTest(
    () => tenants,
    strategy,
    (leased) => ({ db, other } = leased),
  );

  describe('by results', () => {
    const greeting = Prisma.defineExtension({
      result: { user: { greeting: { needs: { name: true }, compute: ({ name }) => `Dear ${name}` } } },
    });

    test('has the field on rows, wherever they come from', async () => {
      const extended = db.$extends(greeting);
      expect((await extended.user.findMany({ where: { id } }))[0]?.greeting).toBe('Dear Ada');
      expect(await extended.user.findUnique({ where: { id }, select: { greeting: true } })).toMatchObject({ greeting: 'Dear Ada' });
      expect((await extended.$transaction(async (tx) => await tx.user.findUniqueOrThrow({ where: { id } }))).greeting).toBe('Dear Ada');
      const team = await extended.team.create({
        data: { name: randomUUID(), members: { create: { userId: id } } },
        include: { members: { include: { user: true } } },
      });
      expect(team.members[0]?.user.greeting).toBe('Dear Ada');
      expect((await extended.teamMember.findFirst({ where: { teamId: team.id } }).user())?.greeting).toBe('Dear Ada');
    });
  });

  describe('by methods of models and of the client', () => {
    test('asks through its own context, each for its own tenant and unbatched', async () => {
      const [ours, theirs] = [withNames(db), withNames(other.db)];
      const names = await Promise.all([ours, theirs, ours, theirs].map(async (handle) => await handle.user.nameOf({ id })));
      expect(names).toEqual(['Ada', 'Bob', 'Ada', 'Bob']);
      expect(await ours.$transaction(async (tx) => await tx.user.nameOf({ id }))).toBe('Ada');
    });

    test('replaces a method and reaches the one before by its parent, within a transaction, too', async () => {
      const extended = db.$extends({
        model: {
          team: {
            async create(args: Prisma.TeamCreateArgs) {
              const { $parent } = Prisma.getExtensionContext(this);
              const data = { ...args.data, name: `the ${args.data.name}` };
              return await call(Object(Reflect.get(Object($parent), 'team')), 'create', { ...args, data });
            },
          },
        },
      });
      const name = randomUUID();
      expect(await extended.team.create({ data: { name } })).toMatchObject({ name: `the ${name}` });
      const undone = randomUUID();
      const work = extended.$transaction(async (tx) => {
        expect(await tx.team.create({ data: { name: undone } })).toMatchObject({ name: `the ${undone}` });
        throw new Error('undo');
      });
      await expect(work).rejects.toThrow('undo');
      expect(await db.team.count({ where: { name: { endsWith: undone } } })).toBe(0);
    });

    test('has methods of its own, in transactions, too', async () => {
      const extended = db.$extends({
        client: {
          async $database() {
            const [row] = await Prisma.getExtensionContext(this).$queryRaw<{ name: string }[]>`SELECT current_database() AS name`;
            return row?.name;
          },
        },
      });
      expect(await extended.$database()).toBe(tenants.database);
      expect(await other.db.$transaction(async () => await extended.$transaction(async (tx) => await tx.$database()))).toBe(
        tenants.database,
      );
    });

    test('may wrap $transaction', async () => {
      const begun: string[] = [];
      const extended = db.$extends({
        client: {
          async $transaction(work: (tx: Prisma.TransactionClient) => Promise<unknown>) {
            begun.push('begin');
            return await call(Object(Prisma.getExtensionContext(this).$parent), '$transaction', work);
          },
        },
      });
      expect(await extended.$transaction(async (tx) => (await tx.user.findUnique({ where: { id } }))?.name)).toBe('Ada');
      expect(begun).toEqual(['begin']);
    });
  });

  describe('by queries', () => {
    test('sees an operation as its caller made it', async () => {
      const seen: unknown[] = [];
      const extended = db.$extends({
        query: {
          teamMember: {
            findUnique: async ({ model, operation: name, args, query }) => {
              seen.push([model, name, args]);
              return await query(args);
            },
            findFirst: () => {
              throw new Error('it is not this one');
            },
          },
        },
      });
      const where = { teamId_userId: { teamId: randomUUID(), userId: randomUUID() } };
      expect(await extended.teamMember.findUnique({ where })).toBeNull();
      expect(await extended.teamMember.findUnique({ where }).team()).toBeNull();
      expect(await extended.$transaction(async (tx) => await tx.teamMember.findUnique({ where }))).toBeNull();
      expect(seen).toEqual([
        ['TeamMember', 'findUnique', { where }],
        ['TeamMember', 'findUnique', { where, select: { team: true } }],
        ['TeamMember', 'findUnique', { where }],
      ]);
    });

    test('may change it, or ask again', async () => {
      const extended = db.$extends({
        query: {
          user: {
            findUnique: async ({ args, query }) => await query({ ...args, where: { id, name: 'Nobody' } }),
            findMany: async ({ args, query }) => [...(await query(args)), ...(await query({ ...args, take: 1 }))],
          },
        },
      });
      expect(await extended.user.findUnique({ where: { id } })).toBeNull();
      expect(await extended.user.findMany({ where: { id } })).toHaveLength(2);
    });

    test('stays unbatched and with its tenant', async () => {
      const [ours, theirs] = [withHook(db), withHook(other.db)];
      const names = Array.from({ length: 20 }, async (_, index) => {
        return (await (index % 2 ? theirs : ours).user.findUnique({ where: { id } }))?.name;
      });
      expect(await Promise.all(names)).toEqual(Array.from({ length: 20 }, (_, index) => (index % 2 ? 'Bob' : 'Ada')));
    });

    test('keeps to its tenant what it does later, amid the work of another', async () => {
      const kept: (() => PromiseLike<unknown>)[] = [];
      const extended = db.$extends({
        query: {
          user: {
            findUnique: async ({ args, query }) => {
              kept.push(() => query(args));
              return await query(args);
            },
          },
        },
      });
      await extended.user.findUnique({ where: { id } });
      const withinOther = other.db.$extends({
        query: { $allOperations: async ({ args, query }) => [await query(args), ...(await Promise.all(kept.map((again) => again())))] },
      });
      expect(await withinOther.user.findUnique({ where: { id } })).toMatchObject([{ name: 'Bob' }, { name: 'Ada' }]);
    });
  });

  describe('several times', () => {
    test('runs the extensions in the order in which they were made', async () => {
      const seen: string[] = [];
      const noting = (name: string) =>
        Prisma.defineExtension({
          query: {
            $allOperations: async ({ operation: asked, args, query }) => {
              seen.push(`${name} ${asked}`);
              return await query(args);
            },
          },
        });
      const extended = db.$extends(noting('a')).$extends(noting('b')).$extends(noting('c'));
      await extended.user.findUnique({ where: { id } });
      await extended.$transaction(async (tx) => await tx.$queryRaw`SELECT 1`);
      expect(seen).toEqual(['a findUnique', 'b findUnique', 'c findUnique', 'a $queryRaw', 'b $queryRaw', 'c $queryRaw']);
      expect(await db.user.count()).toBe(1);
      expect(seen).toHaveLength(6);
    });

    test('keeps what the ones before made', async () => {
      const extended = db
        .$extends({ client: { $one: () => 1 } })
        .$extends((client) => client.$extends({ client: { $two: () => client.$one() + 1 } }))
        .$extends({ client: { $one: () => 11 } });
      expect([extended.$one(), extended.$two()]).toEqual([11, 2]);
      expect(await extended.$transaction(async (tx) => [tx.$one(), tx.$two()])).toEqual([11, 2]);
    });

    test('has its predecessors as parents and nothing beyond, in and out of transactions', async () => {
      const first = db.$extends({ client: { $depth: () => 1 } });
      const second = first.$extends({ client: { $depth: () => 2 } });
      const third = second.$extends({ client: { $depth: () => 3 } });
      expect(depths(third)).toEqual([2, 1, 0]);
      expect(depths(third.user)).toEqual([2, 1, 0]);
      await third.$transaction(async (tx) => {
        expect(depths(tx)).toEqual([2, 1, 0]);
        expect(depths(tx.user)).toEqual([2, 1, 0]);
        await tx.$transaction(async (nested) => expect(depths(nested)).toEqual([2, 1, 0]));
      });
    });
  });
});

/** How often each of the clients that `$parent` leads to was extended. */
function depths(client: object): unknown[] {
  return parentsOf(client).map((parent) => ('$depth' in parent ? call(parent, '$depth') : 0));
}
