import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { LeaseEndedError, NoTenantError, UnsupportedOperationError } from '../errors.ts';
import type { TenantDb, TenantLease } from '../lease.ts';
import { openPool, type PoolFixture } from '../testing/pool-fixture.ts';
import { createTenantDatabases, type TenantDatabases } from '../testing/tenant-databases.ts';
import { call } from '../testing/untyped-members.ts';
import { uncarried } from './carried-error.ts';
import { switchingAdapterFactory } from './switching-adapter.ts';

let databases: TenantDatabases;

beforeAll(async () => {
  databases = await createTenantDatabases(1);
});
afterAll(async () => await databases?.[Symbol.asyncDispose]());

describe.each(['shared-client', 'client-per-tenant'] as const)('a handle over a %s', (strategy) => {
  let fixture: PoolFixture;
  let lease: TenantLease;
  let db: TenantDb;
  let statements: string[] = [];
  let userId: string;
  let teamId: string;

  beforeAll(async () => {
    fixture = await openPool(databases, { strategy, onStatement: (_tenantId, sql) => void statements.push(sql) });
    lease = await fixture.pool.lease(databases.tenant(0).tenantId, { operation: 'test' });
    ({ db } = lease);
  });
  afterAll(async () => {
    await lease?.[Symbol.asyncDispose]();
    await fixture?.[Symbol.asyncDispose]();
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
  });

  describe('a transaction', () => {
    test('is refused in the array form', async () => {
      await expect(call(db, '$transaction', [db.user.count()])).rejects.toThrow(/callback form/);
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

  describe('every way to ask', () => {
    test('reads', async () => {
      expect(await db.user.findFirst({ where: { id: userId } })).toMatchObject({ id: userId });
      expect(await db.user.findFirstOrThrow({ where: { id: userId } })).toMatchObject({ id: userId });
      expect(await db.user.count({ where: { id: userId } })).toBe(1);
      expect(await db.user.aggregate({ where: { id: userId }, _count: true, _max: { name: true } })).toEqual({
        _count: 1,
        _max: { name: 'Ada' },
      });
      expect(await db.user.groupBy({ by: ['name'], where: { id: userId }, _count: true })).toEqual([{ name: 'Ada', _count: 1 }]);
      const nested = await db.team.findUnique({ where: { id: teamId }, include: { members: { include: { user: true } } } });
      expect(nested?.members.map(({ user }) => user.id)).toEqual([userId]);
    });

    test('writes', async () => {
      const [first, second, third] = [email(), email(), email()];
      expect(await db.user.createMany({ data: [{ email: first, name: 'B' }] })).toEqual({ count: 1 });
      expect(await db.user.createManyAndReturn({ data: [{ email: second, name: 'B' }], select: { name: true } })).toEqual([{ name: 'B' }]);
      const upserted = await db.user.upsert({ where: { email: third }, create: { email: third, name: 'B' }, update: { name: 'C' } });
      expect(upserted.name).toBe('B');
      expect(await db.user.upsert({ where: { email: third }, create: { email: third, name: 'B' }, update: { name: 'C' } })).toMatchObject({
        id: upserted.id,
        name: 'C',
      });
      const ours = { email: { in: [first, second, third] } };
      expect(await db.user.updateMany({ where: ours, data: { name: 'D' } })).toEqual({ count: 3 });
      expect(await db.user.updateManyAndReturn({ where: { email: first }, data: { name: 'E' }, select: { name: true } })).toEqual([
        { name: 'E' },
      ]);
      const nested = await db.user.update({
        where: { email: first },
        data: { memberships: { create: { team: { connect: { id: teamId } } } } },
        include: { memberships: { include: { team: true } } },
      });
      expect(nested.memberships[0]?.team.id).toBe(teamId);
      expect(await db.user.delete({ where: { email: first }, select: { email: true } })).toEqual({ email: first });
      expect(await db.user.deleteMany({ where: ours })).toEqual({ count: 2 });
    });

    test('speaks SQL', async () => {
      expect(await db.$queryRaw`SELECT name FROM users WHERE id = ${userId}::uuid`).toEqual([{ name: 'Ada' }]);
      expect(await db.$queryRawUnsafe('SELECT name FROM users WHERE id = $1::uuid', userId)).toEqual([{ name: 'Ada' }]);
      expect(await db.$executeRaw`UPDATE users SET name = 'Eve' WHERE id = ${userId}::uuid`).toBe(1);
      expect(await db.$executeRawUnsafe('UPDATE users SET name = $1 WHERE id = $2::uuid', 'Ada', userId)).toBe(1);
      await expect(db.$queryRaw`SELECT nothing`).rejects.toMatchObject({ code: 'P2010' });
    });

    test('goes on from a created row to its relations', async () => {
      const memberships = { create: { team: { connect: { id: teamId } } } };
      expect(await db.user.create({ data: { email: email(), name: 'B', memberships } }).memberships()).toMatchObject([{ teamId }]);
      expect(await db.teamMember.findFirst({ where: { userId } }).user()).toMatchObject({ id: userId });
    });
  });

  describe('a promise that was not awaited yet', () => {
    test('runs where it is awaited, for its own tenant', async () => {
      const lazy = db.user.findMany({ where: { id: userId } });
      expect(statements).toEqual([]);
      await new Promise((resolve) => setImmediate(resolve));
      expect(await lazy).toMatchObject([{ id: userId }]);
    });

    test('runs once, however often it is awaited', async () => {
      const created = db.team.create({ data: { name: randomUUID() } });
      expect(await created).toEqual(await created);
      const late = db.user.findFirst({ where: { id: userId } }).memberships();
      expect(await Promise.all([late, late])).toMatchObject([[{ teamId }], [{ teamId }]]);
      expect(statements.filter((sql) => sql.startsWith('INSERT'))).toHaveLength(1);
    });

    test('throws when its lease has ended, with what it leads on to', async () => {
      const ended = await fixture.pool.lease(databases.tenant(0).tenantId, { operation: 'test' });
      const { user } = ended.db;
      const kept = [
        user.findMany(),
        user.findFirst().memberships(),
        user.findUnique({ where: { id: userId } }),
        ended.db.$queryRaw`SELECT 1`,
      ];
      await ended[Symbol.asyncDispose]();
      for (const promise of kept) await expect(promise).rejects.toThrow(LeaseEndedError);
      expect(statements).toEqual([]);
    });
  });

  describe('what all tenants share', () => {
    test.each(['$connect', '$disconnect'])('cannot be reached by %s', (method) => {
      expect(() => call(db, method)).toThrow(UnsupportedOperationError);
    });

    test('cannot be reached by what Prisma keeps to itself', async () => {
      const hidden = ['$on', '_engine', '_originalClient', '_request', '_createPrismaPromise', '_requestHandler'];
      const reached = (client: object) => hidden.filter((name) => Reflect.get(client, name) !== undefined);
      expect(reached(db)).toEqual([]);
      await db.$transaction(async (tx) => expect(reached(tx)).toEqual([]));
    });

    test('cannot be reached as the parent of a handle or of its models', async () => {
      expect(parents(db)).toEqual([undefined, undefined]);
      await db.$transaction(async (tx) => expect(parents(tx)).toEqual([undefined, undefined]));
    });
  });
});

function email(): string {
  return `${randomUUID()}@acme.test`;
}

/** What `$parent` is, on a client and on a model of it. */
function parents(client: object): unknown[] {
  return [client, Object(Reflect.get(client, 'user'))].map((target: object) => Reflect.get(target, '$parent'));
}

test('an adapter without a tenant reaches no database', async () => {
  const adapter = await switchingAdapterFactory(() => undefined).connect();
  const query = { sql: 'SELECT 1', args: [], argTypes: [] };
  for (const refused of [
    adapter.queryRaw(query),
    adapter.executeRaw(query),
    adapter.executeScript('SELECT 1'),
    adapter.startTransaction(),
  ]) {
    expect(uncarried(await refused.catch((error: unknown) => error))).toBeInstanceOf(NoTenantError);
  }
});
