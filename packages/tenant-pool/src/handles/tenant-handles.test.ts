import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { NoTenantError, UnsupportedOperationError } from '../errors.ts';
import type { TenantDb, TenantLease } from '../lease.ts';
import { openPool, type PoolFixture } from '../testing/pool-fixture.ts';
import { createTenantDatabases, type TenantDatabases } from '../testing/tenant-databases.ts';
import { switchingAdapterFactory } from './switching-adapter.ts';

let databases: TenantDatabases;
let fixture: PoolFixture;
let lease: TenantLease;
let db: TenantDb;
let statements: string[];
let userId: string;
let teamId: string;

beforeAll(async () => {
  databases = await createTenantDatabases(1);
  fixture = await openPool(databases, { onStatement: (_tenantId, sql) => void statements.push(sql) });
  lease = await fixture.pool.lease(databases.placements[0]?.tenantId ?? '', { operation: 'test' });
  ({ db } = lease);
});
afterAll(async () => {
  await lease?.[Symbol.asyncDispose]();
  await fixture?.[Symbol.asyncDispose]();
  await databases?.[Symbol.asyncDispose]();
});

beforeEach(async () => {
  statements = [];
  const user = await db.user.create({
    data: { email: `${randomUUID()}@acme.test`, name: 'Ada', issuer: 'https://idp.test', subject: randomUUID() },
  });
  const team = await db.team.create({ data: { name: randomUUID(), members: { create: { userId: user.id } } } });
  [userId, teamId] = [user.id, team.id];
  statements = [];
});

/** Calls what the types do not offer. */
function call(method: string, ...args: unknown[]): unknown {
  const found: unknown = Reflect.get(db, method);
  if (typeof found !== 'function') throw new Error(`a handle has no ${method}`);
  return Reflect.apply(found, db, args);
}

describe('a unique lookup', () => {
  test('finds by a field', async () => {
    expect(await db.user.findUnique({ where: { id: userId } })).toMatchObject({ id: userId });
    expect(await db.user.findUniqueOrThrow({ where: { id: userId }, select: { name: true } })).toEqual({ name: 'Ada' });
    expect(await db.user.findUnique({ where: { id: randomUUID() } })).toBeNull();
    await expect(db.user.findUniqueOrThrow({ where: { id: randomUUID() } })).rejects.toMatchObject({ code: 'P2025' });
  });

  test('finds by a compound key', async () => {
    const key = { teamId_userId: { teamId, userId } };
    expect(await db.teamMember.findUnique({ where: key })).toMatchObject({ teamId, userId });
    expect(await db.teamMember.findUnique({ where: { teamId_userId: { teamId, userId: randomUUID() } } })).toBeNull();
    const { issuer, subject } = await db.user.findUniqueOrThrow({ where: { id: userId } });
    const linked = await db.user.findUnique({ where: { issuer_subject: { issuer: issuer ?? '', subject: subject ?? '' }, name: 'Ada' } });
    expect(linked).toMatchObject({ id: userId });
  });

  test('works in a transaction, among others of the same tick', async () => {
    const found = await db.$transaction(
      async (tx) =>
        await Promise.all([
          tx.user.findUnique({ where: { id: userId } }),
          tx.user.findUnique({ where: { id: randomUUID() } }),
          tx.teamMember.findUniqueOrThrow({ where: { teamId_userId: { teamId, userId } } }),
        ]),
    );
    expect(found).toMatchObject([{ id: userId }, null, { teamId }]);
  });

  test('goes on to relations', async () => {
    expect(await db.user.findUnique({ where: { id: userId } }).memberships()).toMatchObject([{ teamId }]);
    expect(await db.teamMember.findUnique({ where: { teamId_userId: { teamId, userId } } }).team()).toMatchObject({ id: teamId });
    expect(await db.user.findUnique({ where: { id: randomUUID() } }).memberships()).toBeNull();
  });

  test('refuses a missing value, which Prisma would take for any row', () => {
    const unknown: { id: string } = JSON.parse('{"id":null}');
    expect(() => db.user.findUnique({ where: unknown })).toThrow(UnsupportedOperationError);
  });
});

describe('a transaction', () => {
  test('is refused in the array form', async () => {
    await expect(call('$transaction', [db.user.count()])).rejects.toThrow(/callback form/);
    expect(statements).toEqual([]);
  });

  test('rolls back when its work throws', async () => {
    const name = randomUUID();
    const work = db.$transaction(async (tx) => {
      await tx.team.create({ data: { name } });
      throw new Error('no');
    });
    await expect(work).rejects.toThrow('no');
    expect(await db.team.findUnique({ where: { name } })).toBeNull();
    expect(statements.filter((sql) => ['BEGIN', 'COMMIT', 'ROLLBACK'].includes(sql))).toEqual(['BEGIN', 'ROLLBACK']);
  });

  test('holds another one', async () => {
    const [outer, inner] = [randomUUID(), randomUUID()];
    await db.$transaction(async (tx) => {
      await tx.team.create({ data: { name: outer } });
      const nested = tx.$transaction(async (nestedTx) => {
        await nestedTx.team.create({ data: { name: inner } });
        throw new Error('only this one');
      });
      await expect(nested).rejects.toThrow('only this one');
    });
    expect(await db.team.findMany({ where: { name: { in: [outer, inner] } }, select: { name: true } })).toEqual([{ name: outer }]);
  });

  test('takes an isolation level', async () => {
    const level = await db.$transaction(async (tx) => await tx.$queryRaw`SHOW transaction_isolation`, { isolationLevel: 'Serializable' });
    expect(level).toEqual([{ transaction_isolation: 'serializable' }]);
  });
});

describe('a promise that was not awaited yet', () => {
  test('runs where it is awaited, for its own tenant', async () => {
    const lazy = db.user.findMany({ where: { id: userId } });
    expect(statements).toEqual([]);
    await new Promise((resolve) => setImmediate(resolve));
    expect(await lazy).toMatchObject([{ id: userId }]);
  });
});

describe('what all tenants share', () => {
  test.each(['$connect', '$disconnect'])('cannot be reached by %s', (method) => {
    expect(() => call(method)).toThrow(UnsupportedOperationError);
  });

  test('cannot be reached as the parent of a handle', async () => {
    expect(Reflect.get(db, '$parent')).toBeUndefined();
    await db.$transaction(async (tx) => expect(Reflect.get(tx, '$parent')).toBeUndefined());
  });

  test('reaches no database by itself', async () => {
    const adapter = await switchingAdapterFactory(() => undefined).connect();
    const query = { sql: 'SELECT 1', args: [], argTypes: [] };
    await expect(adapter.queryRaw(query)).rejects.toThrow(NoTenantError);
    await expect(adapter.executeRaw(query)).rejects.toThrow(NoTenantError);
    await expect(adapter.executeScript('SELECT 1')).rejects.toThrow(NoTenantError);
    await expect(adapter.startTransaction()).rejects.toThrow(NoTenantError);
  });
});
