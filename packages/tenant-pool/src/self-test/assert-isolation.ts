import { ColumnTypeEnum } from '@prisma/driver-adapter-utils';
import { IsolationError } from '../errors.ts';
import { madeUpAdapter } from '../handles/made-up-adapter.ts';
import type { TenantClients } from '../handles/tenant-clients.ts';
import type { TenantDb } from '../lease.ts';
import { tryIsolation, type TrialOperation, type TrialTenant } from './isolation-trial.ts';

const tenants: readonly TrialTenant[] = ['00000000-0000-4000-8000-00000000000a', '00000000-0000-4000-8000-00000000000b'].map((marker) => ({
  marker,
  adapter: madeUpAdapter({ columnNames: ['id'], columnTypes: [ColumnTypeEnum.Text], rows: [[marker]] }),
}));

/** Ways to read, or to write and read back, the row with the tenant's own id. */
const ways: readonly ((db: TenantDb, id: string) => Promise<string | undefined>)[] = [
  async (db, id) => (await db.user.findUnique({ where: { id }, select: { id: true } }))?.id,
  async (db, id) => (await db.user.findUniqueOrThrow({ where: { id }, select: { id: true } })).id,
  async (db, id) => (await db.user.findFirst({ where: { id }, select: { id: true } }))?.id,
  async (db, id) => (await db.user.findMany({ where: { id }, select: { id: true } }))[0]?.id,
  async (db, id) => (await db.$queryRaw<{ id: string }[]>`SELECT ${id} AS id`)[0]?.id,
  async (db, id) => (await db.user.update({ where: { id }, data: { name: id }, select: { id: true } })).id,
  async (db, id) => (await db.$extends({ name: 'self-test' }).user.findUnique({ where: { id }, select: { id: true } }))?.id,
  async (db, id) =>
    await db.$transaction(async (tx) => {
      const [user] = await Promise.all([1, 2].map(async () => await tx.user.findUnique({ where: { id }, select: { id: true } })));
      return user?.id;
    }),
];

const operations: readonly TrialOperation<TrialTenant>[] = ways.map((read) => async (db, { marker }) => {
  const answer = await read(db, marker);
  if (answer !== marker) throw new IsolationError(`A tenant got ${String(answer)} for its own id.`);
});

/**
 * Runs operations of two made-up tenants in the same ticks. A leak is made above the driver adapter, by Prisma's batching, so
 * adapters that record what reaches them prove its absence without a database. It takes some ten milliseconds, and leaves the
 * client warm.
 *
 * @throws {IsolationError} when an operation of one reached the other, or brought back the other's answer
 */
export async function assertIsolation(clients: TenantClients): Promise<void> {
  const [failure] = await tryIsolation(clients, tenants, operations);
  if (!failure) return;
  throw new IsolationError('Whether handles of two tenants are kept apart cannot be told: an operation of theirs fails.', {
    cause: failure.cause,
  });
}
