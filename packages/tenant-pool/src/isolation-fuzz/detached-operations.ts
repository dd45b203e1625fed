import { setImmediate as nextTurn } from 'node:timers/promises';
import type { FuzzOperation } from './attempt.ts';

/** Ways to deal with a promise other than to await it at once. */
export const detachedOperations: Record<string, FuzzOperation> = {
  awaitedLater: async ({ db, userId: id }) => {
    const lazy = db.user.findUnique({ where: { id } });
    await nextTurn();
    return [(await lazy)?.email];
  },
  awaitedElsewhere: async ({ db, userId: id, exchange }) => {
    const lazy = db.user.findUnique({ where: { id } });
    return [(await exchange.offer(() => lazy))?.email];
  },
  rawAwaitedElsewhere: async ({ db, userId: id, exchange }) => {
    const lazy = db.$queryRaw<{ email: string }[]>`SELECT email FROM users WHERE id = ${id}::uuid`;
    return [(await exchange.offer(() => lazy))[0]?.email];
  },
  writeAwaitedElsewhere: async ({ db, userId: id, freshText, exchange }) => {
    const lazy = db.user.update({ where: { id }, data: { name: freshText() } });
    return [(await exchange.offer(() => lazy)).email];
  },
  transactionBegunElsewhere: async ({ db, userId: id, exchange }) => {
    const begin = async () => await db.$transaction(async (tx) => await tx.user.findUnique({ where: { id } }));
    return [(await exchange.offer(begin))?.email];
  },
  neverAwaited: async ({ db, userId: id, mark, freshText }) => {
    // Lazy: it never runs.
    void db.user.update({ where: { id }, data: { name: freshText() } });
    return [mark];
  },
  leftRunning: async ({ db, userId: id, mark, freshText, later }) => {
    later(db.user.update({ where: { id }, data: { name: freshText() } }).then(({ email }) => [email]));
    later(db.user.findUnique({ where: { id } }).then((user) => [user?.email]));
    return [mark];
  },
  parallel: async ({ db, userId: id }) => {
    const users = await Promise.all([1, 2, 3, 4].map(async () => await db.user.findUnique({ where: { id } })));
    return users.map((user) => user?.email);
  },
  mixed: async ({ db, userId: id, freshText }) => {
    const [one, updated, [raw], inTransaction] = await Promise.all([
      db.user.findUnique({ where: { id } }),
      db.user.update({ where: { id }, data: { name: freshText() } }),
      db.$queryRaw<{ email: string }[]>`SELECT email FROM users WHERE id = ${id}::uuid`,
      db.$transaction(async (tx) => await tx.user.findUnique({ where: { id } })),
    ]);
    return [one?.email, updated.email, raw?.email, inTransaction?.email];
  },
};
