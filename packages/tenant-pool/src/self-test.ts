import { ColumnTypeEnum, type SqlDriverAdapter, type SqlQuery, type SqlResultSet, type Transaction } from '@prisma/driver-adapter-utils';
import { IsolationError } from './errors.ts';
import type { HandleGrant } from './handles/grant.ts';
import type { TenantDb } from './lease.ts';

/** How often each tenant runs each operation, all of them at once. */
const rounds = 3;

const tenantIds = ['00000000-0000-4000-8000-00000000000a', '00000000-0000-4000-8000-00000000000b'];

/** Ways to read one's own id, each as something that Prisma could batch with, or mistake for, another tenant's. */
const operations: ((db: TenantDb, id: string) => Promise<unknown>)[] = [
  async (db, id) => (await db.user.findUnique({ where: { id }, select: { id: true } }))?.id,
  async (db, id) => (await db.user.findUniqueOrThrow({ where: { id }, select: { id: true } })).id,
  async (db, id) => (await db.user.findFirst({ where: { id }, select: { id: true } }))?.id,
  async (db, id) => (await db.user.findMany({ where: { id }, select: { id: true } }))[0]?.id,
  async (db, id) => (await db.$queryRaw<{ id: string }[]>`SELECT ${id} AS id`)[0]?.id,
  async (db, id) => (await db.user.update({ where: { id }, data: { name: id }, select: { id: true } })).id,
  async (db, id) =>
    await db.$transaction(async (tx) => {
      const [user] = await Promise.all([1, 2].map(async () => await tx.user.findUnique({ where: { id }, select: { id: true } })));
      return user?.id;
    }),
];

/**
 * Runs operations of two made-up tenants in the same ticks. A leak is made above the driver adapter, by Prisma's batching, so
 * adapters that record what reaches them prove its absence without a database. It takes some ten milliseconds, and leaves the
 * client warm.
 *
 * @throws {IsolationError} when an operation of one reached the other, or brought back the other's answer
 */
export async function assertIsolation(handleFor: (grant: HandleGrant) => TenantDb): Promise<void> {
  const tenants = tenantIds.map((id) => {
    const strays: string[] = [];
    return { id, strays, db: handleFor(openGrant(recordingAdapter(id, strays))) };
  });
  const outcomes = await Promise.allSettled(
    Array.from({ length: rounds }, () =>
      operations.flatMap((operation) =>
        tenants.map(async ({ db, id }) => {
          const answer = await operation(db, id);
          if (answer !== id) throw new IsolationError(`A tenant got ${String(answer)} for its own id.`);
        }),
      ),
    ).flat(),
  );
  const cause = outcomes.find((outcome) => outcome.status === 'rejected')?.reason;
  const strays = tenants.flatMap((tenant) => tenant.strays);
  if (strays.length === 0 && cause === undefined) return;
  throw new IsolationError(
    `Handles of two tenants are not kept apart (${strays.length} statements went astray); this process must not serve. ` +
      'Check the version of Prisma against the one pinned.',
    { cause },
  );
}

function openGrant(adapter: SqlDriverAdapter): HandleGrant {
  return { adapter, enter: () => {}, leave: () => {}, explain: (error) => error };
}

const done = async () => {};

/** An adapter whose only row is the tenant's id; it takes note of statements about the other tenant. */
function recordingAdapter(id: string, strays: string[]): SqlDriverAdapter {
  const identity = { provider: 'postgres', adapterName: 'recording' } as const;
  const record = ({ sql, args }: SqlQuery) => {
    if (args.some((arg) => arg !== id && tenantIds.includes(String(arg)))) strays.push(sql);
  };
  const queryRaw = async (query: SqlQuery): Promise<SqlResultSet> => {
    record(query);
    return { columnNames: ['id'], columnTypes: [ColumnTypeEnum.Text], rows: [[id]] };
  };
  const executeRaw = async (query: SqlQuery): Promise<number> => {
    record(query);
    return 1;
  };
  const transaction: Transaction = { ...identity, options: { usePhantomQuery: true }, queryRaw, executeRaw, commit: done, rollback: done };
  return { ...identity, queryRaw, executeRaw, executeScript: done, startTransaction: async () => transaction, dispose: done };
}
