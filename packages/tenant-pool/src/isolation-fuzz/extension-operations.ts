import { Prisma } from '@tenantry/prisma/tenant';
import type { TenantDb } from '../lease.ts';
import type { FuzzOperation } from './attempt.ts';

const labelled = Prisma.defineExtension({
  result: { user: { label: { needs: { email: true }, compute: ({ email }) => `<${email}>` } } },
});

const passing = Prisma.defineExtension({ query: { $allOperations: async ({ args, query }) => await query(args) } });

/** With a method that asks through the model's own context. */
function withEmailOf(db: TenantDb) {
  return db.$extends({
    model: {
      user: {
        async emailOf(id: string) {
          return (await Prisma.getExtensionContext(this).findUnique({ where: { id } }))?.email;
        },
      },
    },
  });
}

/** Ways in which callers extend a handle. */
export const extensionOperations: Record<string, FuzzOperation> = {
  result: async ({ db, userId: id }) => [(await db.$extends(labelled).user.findUnique({ where: { id } }))?.label],
  model: async ({ db, userId }) => [await withEmailOf(db).user.emailOf(userId)],
  modelInTransaction: async ({ db, userId }) => [await withEmailOf(db).$transaction(async (tx) => await tx.user.emailOf(userId))],
  client: async ({ db, userId: id }) => {
    const extended = db.$extends({
      client: {
        async $emailOf(user: string) {
          return (await Prisma.getExtensionContext(this).user.findUnique({ where: { id: user } }))?.email;
        },
      },
    });
    return [await extended.$emailOf(id), await extended.$transaction(async (tx) => await tx.$emailOf(id))];
  },
  query: async ({ db, userId: id }) => {
    const seen: unknown[] = [];
    const extended = db.$extends({
      query: {
        user: {
          findUnique: async ({ args, query }) => {
            const user = await query(args);
            seen.push(user?.email);
            return user;
          },
        },
      },
    });
    return [(await extended.user.findUnique({ where: { id } }))?.email, ...seen.map(String)];
  },
  queryTwice: async ({ db, userId: id }) => {
    const extended = db.$extends({
      query: { user: { findMany: async ({ args, query }) => (await Promise.all([query(args), query(args)])).flat() } },
    });
    return (await extended.user.findMany({ where: { id } })).map(({ email }) => email);
  },
  queryAmidOthers: async ({ db, userId: id, exchange }) => {
    const extended = db.$extends({
      query: {
        $allOperations: async ({ args, query }) => {
          exchange.openAll();
          return await query(args);
        },
      },
    });
    return [(await extended.user.findUnique({ where: { id } }))?.email, (await extended.user.findFirst({ where: { id } }))?.email];
  },
  queryElsewhere: async ({ db, userId: id, exchange }) => {
    const extended = db.$extends({
      query: {
        user: {
          findUnique: async ({ args, query }) => await exchange.offer(() => query(args)),
        },
      },
    });
    return [(await extended.user.findUnique({ where: { id } }))?.email];
  },
  chain: async ({ db, userId: id, freshText }) => {
    const extended = db.$extends(passing).$extends(labelled).$extends(passing);
    const { label } = await extended.user.update({ where: { id }, data: { name: freshText() } });
    return [label, (await extended.$transaction(async (tx) => await tx.user.findUniqueOrThrow({ where: { id } }))).label];
  },
  parent: async ({ db, userId: id }) => {
    const read = async (client: unknown) => {
      if (!isHandle(client)) return 'no parent';
      return (await client.user.findUnique({ where: { id } }))?.email;
    };
    const extended = db.$extends(passing);
    return [await read(parentOf(extended)), await extended.$transaction(async (tx) => await read(parentOf(tx.user)))];
  },
};

function parentOf(client: object): unknown {
  return Reflect.get(client, '$parent');
}

function isHandle(client: unknown): client is TenantDb {
  return typeof client === 'object' && client !== null && 'user' in client;
}
