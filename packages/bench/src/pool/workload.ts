import type { Random } from '../random.ts';
import type { Db } from './contenders/contender.ts';
import { rowCounts, rowId } from './seed.ts';

/** A request: a few queries of one tenant. `n` picks the rows. */
type Request = (db: Db, n: number) => Promise<unknown>;

const idOf = (n: number, table: keyof typeof rowCounts): string => rowId(n % rowCounts[table]);

/** The list that the scenarios for one query ask for. */
export const listUsers = async (db: Db) => await db.user.findMany({ take: 20, orderBy: { name: 'asc' } });

const reads: readonly Request[] = [
  listUsers,
  async (db, n) => await db.user.findUnique({ where: { id: idOf(n, 'users') }, include: { memberships: { include: { team: true } } } }),
  async (db) =>
    await db.project.findMany({
      where: { status: 'ACTIVE' },
      include: { owner: true, customer: true, _count: { select: { tasks: true } } },
    }),
  async (db, n) =>
    await db.task.findMany({
      where: { projectId: idOf(n, 'projects'), status: { not: 'DONE' } },
      include: { assignee: true, labels: { include: { label: true } } },
      orderBy: { createdAt: 'desc' },
      take: 10,
    }),
  async (db, n) => await db.comment.findMany({ where: { taskId: idOf(n, 'tasks') }, include: { author: true }, take: 20 }),
  async (db, n) =>
    await db.invoice.findFirst({
      where: { id: idOf(n, 'invoices') },
      include: { customer: true, lines: { include: { product: true } }, payments: true },
    }),
  async (db, n) => await db.customer.findFirst({ where: { id: idOf(n, 'customers') }, include: { contacts: true, deals: true } }),
  async (db, n) => await db.notification.count({ where: { userId: idOf(n, 'users'), readAt: null } }),
  async (db) => await db.subscription.findMany({ include: { product: true }, take: 20 }),
  async (db) => await db.timeEntry.groupBy({ by: ['userId'], where: { isBilled: false }, _count: true }),
];

const writes: readonly Request[] = [
  async (db, n) => await db.task.update({ where: { id: idOf(n, 'tasks') }, data: { status: 'IN_PROGRESS' }, select: { id: true } }),
  async (db, n) => await db.notification.updateMany({ where: { userId: idOf(n, 'users') }, data: { readAt: new Date() } }),
  async (db, n) =>
    await db.comment.create({ data: { taskId: idOf(n, 'tasks'), authorId: idOf(n, 'users'), body: 'Done.' }, select: { id: true } }),
];

const transactions: readonly Request[] = [
  async (db, n) =>
    await db.$transaction(async (tx) => {
      const [actorId, entityId] = [idOf(n, 'users'), idOf(n, 'tasks')];
      const task = await tx.task.update({ where: { id: entityId }, data: { status: 'IN_REVIEW', assigneeId: actorId } });
      await tx.activity.create({ data: { actorId, verb: 'reviewed', entity: 'task', entityId, changes: { status: task.status } } });
      return task.id;
    }),
];

/** Does each kind of request once, so that its query plans are compiled. */
export async function warmUp(db: Db): Promise<void> {
  for (const request of [...reads, ...writes, ...transactions]) await request(db, 1);
}

/** A request of a usual mix: 70 % read, 20 % write, 10 % are interactive transactions. */
export function drawRequest(random: Random): (db: Db) => Promise<unknown> {
  const at = random();
  const kind = at < 0.7 ? reads : at < 0.9 ? writes : transactions;
  const request = kind[Math.floor(random() * kind.length)] ?? listUsers;
  const n = Math.floor(random() * 1000);
  return async (db) => await request(db, n);
}
