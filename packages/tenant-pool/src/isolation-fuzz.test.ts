import { AsyncLocalStorage } from 'node:async_hooks';
import { randomInt, randomUUID } from 'node:crypto';
import { PrismaPg } from '@prisma/adapter-pg';
import type { SqlDriverAdapter } from '@prisma/driver-adapter-utils';
import { PrismaClient } from '@tenantry/prisma/tenant';
import { unseal } from '@tenantry/service';
import { Pool } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { LeaseEndedError, LeaseRevokedError } from './errors.ts';
import { switchingAdapterFactory } from './handles/switching-adapter.ts';
import type { TenantDb } from './lease.ts';
import { openPool } from './testing/pool-fixture.ts';
import { createTenantDatabases, type TenantDatabases } from './testing/tenant-databases.ts';

const tenantCount = 20;
const usersPerTenant = 20;
const rounds = 120;
const operationsPerRound = 60;

/** The same in every tenant; only the e-mail address says whose the row is. */
const userIds = Array.from({ length: usersPerTenant }, () => randomUUID());
const issuer = 'https://idp.test';
const stamp = (tenant: number, user: number) => `user-${user}@tenant-${tenant}.test`;

/** Reads the e-mail address of one user, each in another way. */
type Operation = (db: TenantDb, id: string) => PromiseLike<string | undefined>;

const operations: Record<string, Operation> = {
  findUnique: async (db, id) => (await db.user.findUnique({ where: { id } }))?.email,
  findUniqueOrThrow: async (db, id) => (await db.user.findUniqueOrThrow({ where: { id }, select: { email: true } })).email,
  compoundUnique: async (db, subject) => (await db.user.findUnique({ where: { issuer_subject: { issuer, subject } } }))?.email,
  fluentRelation: async (db, userId) => (await db.teamMember.findFirst({ where: { userId } }).user())?.email,
  findFirst: async (db, id) => (await db.user.findFirst({ where: { id } }))?.email,
  findMany: async (db, id) => (await db.user.findMany({ where: { id } }))[0]?.email,
  groupBy: async (db, id) => (await db.user.groupBy({ by: ['email'], where: { id } }))[0]?.email,
  raw: async (db, id) => (await db.$queryRaw<{ email: string }[]>`SELECT email FROM users WHERE id = ${id}::uuid`)[0]?.email,
  nestedRead: async (db, id) => {
    const user = await db.user.findUnique({
      where: { id },
      include: { memberships: { include: { team: { include: { members: { include: { user: true } } } } } } },
    });
    return user?.memberships[0]?.team.members.find(({ userId }) => userId === id)?.user.email;
  },
  nestedWrite: async (db, userId) => {
    const team = await db.team.create({
      data: { name: randomUUID(), members: { create: { userId } } },
      include: { members: { include: { user: true } } },
    });
    await db.team.delete({ where: { id: team.id } });
    return team.members[0]?.user.email;
  },
  update: async (db, id) => (await db.user.update({ where: { id }, data: { name: 'renamed' } })).email,
  upsert: async (db, id) =>
    (await db.user.upsert({ where: { id }, update: { name: 'kept' }, create: { email: 'new', name: 'new' } })).email,
  transaction: async (db, id) =>
    await db.$transaction(async (tx) => {
      await tx.user.update({ where: { id }, data: { name: 'changed' } });
      const [user] = await Promise.all([tx.user.findUnique({ where: { id } }), tx.user.findUnique({ where: { id } })]);
      return user?.email;
    }),
  parallel: async (db, id) => {
    const emails = await Promise.all([1, 2, 3].map(async () => (await db.user.findUnique({ where: { id } }))?.email));
    return emails.every((email) => email === emails[0]) ? emails[0] : 'different answers';
  },
  awaitedLater: async (db, id) => {
    const lazy = db.user.findUnique({ where: { id } });
    await new Promise((resolve) => setImmediate(resolve));
    return (await lazy)?.email;
  },
};
const names = Object.keys(operations);

interface Outcome {
  operations: number;
  wrong: string[];
  /** Cut short because the tenant was evicted or the lease was over. */
  cut: number;
}

async function fuzz(
  tenants: number,
  sizes: { rounds: number },
  run: (tenant: number, operation: Operation, id: string) => PromiseLike<string | undefined>,
) {
  const outcome: Outcome = { operations: 0, wrong: [], cut: 0 };
  for (let round = 0; round < sizes.rounds; round += 1) {
    await Promise.all(
      Array.from({ length: operationsPerRound }, async () => {
        const [tenant, user, name] = [randomInt(tenants), randomInt(usersPerTenant), names[randomInt(names.length)] ?? ''];
        outcome.operations += 1;
        try {
          const email = await run(tenant, operations[name] ?? (async () => undefined), userIds[user] ?? '');
          if (email !== stamp(tenant, user)) outcome.wrong.push(`${name}: ${stamp(tenant, user)} got ${String(email)}`);
        } catch (error) {
          if (!(error instanceof LeaseRevokedError || error instanceof LeaseEndedError)) throw error;
          outcome.cut += 1;
        }
      }),
    );
  }
  return outcome;
}

let databases: TenantDatabases;

beforeAll(async () => {
  databases = await createTenantDatabases(tenantCount);
  for (const [tenant, placement] of databases.placements.entries()) {
    const emails = userIds.map((_, user) => stamp(tenant, user));
    await databases.within(
      placement,
      `WITH people AS (
         INSERT INTO users (id, email, name, issuer, subject, updated_at)
         SELECT id, email, 'as seeded', $3, id::text, now() FROM unnest($1::uuid[], $2::text[]) AS seed (id, email) RETURNING id
       ), team AS (INSERT INTO teams (id, name, updated_at) VALUES (gen_random_uuid(), 'everybody', now()) RETURNING id)
       INSERT INTO team_members (team_id, user_id) SELECT team.id, people.id FROM team, people`,
      [userIds, emails, issuer],
    );
  }
});
afterAll(async () => await databases?.[Symbol.asyncDispose]());

test('no operation of a tenant reaches another, while tenants are evicted at random', { timeout: 240_000 }, async () => {
  await using fixture = await openPool(databases, {
    limits: { connectionsPerCluster: 24, connectionsPerTenant: 2, acquireDeadlineMs: 20_000 },
  });
  const evictions: Promise<void>[] = [];
  const outcome = await fuzz(tenantCount, { rounds }, async (tenant, operation, id) => {
    const tenantId = databases.placements[tenant]?.tenantId ?? '';
    if (randomInt(100) === 0) evictions.push(fixture.pool.evict(tenantId, 'at random'));
    const lease = await fixture.pool.lease(tenantId, { operation: 'fuzz' });
    const answer = operation(lease.db, id);
    // Now and then the lease is returned before the answer is there.
    if (randomInt(10) === 0) await lease[Symbol.asyncDispose]();
    try {
      return await answer;
    } finally {
      await lease[Symbol.asyncDispose]();
    }
  });
  await Promise.all(evictions);
  expect(outcome.wrong).toEqual([]);
  expect(outcome.operations).toBeGreaterThanOrEqual(7200);
  expect(outcome.operations - outcome.cut).toBeGreaterThan(outcome.operations / 2);
  expect(await fixture.metric('tenantry_pool_evictions_total')).toBeGreaterThan(10);
});

test('the same operations go astray over a client that only switches adapters', { timeout: 60_000 }, async () => {
  const current = new AsyncLocalStorage<SqlDriverAdapter>();
  const shared = new PrismaClient({ adapter: switchingAdapterFactory(() => current.getStore()) });
  const pools = databases.placements.slice(0, 5).map(({ host, port, database, role, tenantId, sealedPassword }) => {
    return new Pool({ host, port, database, user: role, password: unseal(sealedPassword, tenantId, databases.keyRing), max: 2 });
  });
  const adapters = await Promise.all(pools.map(async (pool) => await new PrismaPg(pool).connect()));
  const outcome = await fuzz(adapters.length, { rounds: 10 }, async (tenant, operation, id) => {
    const adapter = adapters[tenant];
    if (!adapter) throw new Error('no such tenant');
    return await current.run(adapter, async () => await operation(shared, id));
  });
  expect(outcome.wrong.length).toBeGreaterThan(0);
  await shared.$disconnect();
  await Promise.all(pools.map(async (pool) => await pool.end()));
});
