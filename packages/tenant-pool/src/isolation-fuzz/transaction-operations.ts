import type { Prisma } from '@tenantry/prisma/tenant';
import { markIf, type Attempt, type FuzzOperation } from './attempt.ts';

/** What a transaction fails with that is to be rolled back. */
class RollBack extends Error {}

async function createTeam(tx: Prisma.TransactionClient, { freshId, freshText }: Attempt): Promise<string> {
  return (await tx.team.create({ data: { id: freshId(), name: freshText() } })).name;
}

async function rolledBack(transaction: Promise<unknown>): Promise<boolean> {
  try {
    await transaction;
    return false;
  } catch (error) {
    if (error instanceof RollBack) return true;
    throw error;
  }
}

export const transactionOperations: Record<string, FuzzOperation> = {
  commit: async (attempt) => {
    const { db, userId: id, freshText } = attempt;
    const name = await db.$transaction(async (tx) => {
      await tx.user.update({ where: { id }, data: { name: freshText() } });
      return await createTeam(tx, attempt);
    });
    return [name, (await db.team.findUnique({ where: { name } }))?.name];
  },
  rollBack: async (attempt) => {
    const { db } = attempt;
    let name = '';
    const undone = await rolledBack(
      db.$transaction(async (tx) => {
        name = await createTeam(tx, attempt);
        throw new RollBack();
      }),
    );
    return [markIf(undone && (await db.team.findUnique({ where: { name } })) === null, attempt)];
  },
  nested: async (attempt) => {
    const { db } = attempt;
    const [kept, undone] = await db.$transaction(async (tx) => {
      const outer = await createTeam(tx, attempt);
      let inner = '';
      const transaction = tx.$transaction(async (nested) => {
        inner = await createTeam(nested, attempt);
        throw new RollBack();
      });
      if (!(await rolledBack(transaction))) throw new Error('a nested transaction was not rolled back');
      return [outer, inner];
    });
    const teams = await db.team.findMany({ where: { name: { in: [kept ?? '', undone ?? ''] } } });
    return [markIf(teams.length === 1, attempt), teams[0]?.name];
  },
  parallel: async ({ db, userId: id }) =>
    await db.$transaction(async (tx) => {
      const users = await Promise.all([1, 2, 3].map(async () => await tx.user.findUnique({ where: { id } })));
      return [...users.map((user) => user?.email), (await tx.user.findFirst({ where: { id } }))?.email];
    }),
  isolated: async ({ db, userId: id }) => {
    const read = async (tx: Prisma.TransactionClient) => (await tx.user.findUnique({ where: { id } }))?.email;
    return [await db.$transaction(read, { isolationLevel: 'RepeatableRead' })];
  },
  afterReturn: async (attempt) => {
    const { db, userId: id, returnLease } = attempt;
    return await db.$transaction(async (tx) => {
      await returnLease();
      return [await createTeam(tx, attempt), (await tx.user.findUnique({ where: { id } }))?.email];
    });
  },
  amidOthers: async ({ db, userId: id, exchange }) =>
    await db.$transaction(async (tx) => {
      exchange.openAll();
      const before = await tx.user.findUnique({ where: { id } });
      exchange.openAll();
      return [before?.email, (await tx.$queryRaw<{ email: string }[]>`SELECT email FROM users WHERE id = ${id}::uuid`)[0]?.email];
    }),
};
