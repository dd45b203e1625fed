import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import type { TenantPlacement } from '../directory/placement.ts';
import type { TenantDb } from '../lease.ts';
import { openPool, type PoolFixture } from '../testing/pool-fixture.ts';
import { createPooledTenants, type PooledTenants } from '../testing/pooled-tenants.ts';

const missing: string = inject('pgBouncerMissing');
const operation = 'test';
const tenantCount = 12;

let tenants: PooledTenants;
let first: TenantPlacement;
let second: TenantPlacement;

beforeAll(async () => {
  if (missing !== '') return;
  // One server connection a tenant, so that whatever one client left there, the next one would find.
  tenants = await createPooledTenants(tenantCount, { default_pool_size: '1' });
  [first, second] = [tenants.databases.tenant(0), tenants.databases.tenant(1)];
});
afterAll(async () => await tenants?.[Symbol.asyncDispose]());
beforeEach(({ skip }) => skip(missing !== '', missing));

/** What `work` makes of one lease's handle. */
async function leased<Result>({ pool }: PoolFixture, tenant: TenantPlacement, work: (db: TenantDb) => Promise<Result>): Promise<Result> {
  await using lease = await pool.lease(tenant.tenantId, { operation });
  return await work(lease.db);
}

async function settingOf(db: Pick<TenantDb, '$queryRaw'>, name: string): Promise<string | undefined> {
  const [row] = await db.$queryRaw<{ value: string }[]>`SELECT current_setting(${name}, true) AS value`;
  return row?.value;
}

/** Connections of a tenant's role; those of the pooler's own role do not count. */
async function sessionsOf({ role }: TenantPlacement): Promise<string[]> {
  const sql = 'SELECT application_name AS name FROM pg_stat_activity WHERE usename = $1';
  return (await tenants.databases.administer<{ name: string }>(sql, [role])).map(({ name }) => name);
}

/** Changes the settings of a tenant's role, and has them take effect. */
async function bound({ role }: TenantPlacement, sql: string): Promise<void> {
  await tenants.databases.administer(`ALTER ROLE ${role} ${sql}`);
  // They do so in new sessions.
  await tenants.pgBouncer.administer('RECONNECT');
}

const uniqueEmail = (name: string) => `${name}-${crypto.randomUUID()}@people.example`;

describe(`through PgBouncer ${missing}`, () => {
  test('every kind of query works', async () => {
    await using fixture = await openPool(tenants.databases);
    const answers = await leased(fixture, first, async (db) => {
      const memberships = { create: { team: { create: { name: crypto.randomUUID() } } } };
      const ada = await db.user.create({ data: { email: uniqueEmail('ada'), name: 'Ada', memberships } });
      const others = ['Bo', 'Cy'].map((name) => ({ email: uniqueEmail(name.toLowerCase()), name }));
      return {
        created: (await db.user.createMany({ data: others })).count,
        nested: (await db.user.findUnique({ where: { id: ada.id }, include: { memberships: { include: { team: true } } } }))?.memberships
          .length,
        many: await db.user.findMany({ orderBy: { name: 'asc' }, select: { name: true } }),
        updated: (await db.user.update({ where: { id: ada.id }, data: { name: 'Ada L.' } })).name,
        upserted: (await db.user.upsert({ where: { email: ada.email }, create: ada, update: { name: 'Ada' } })).name,
        grouped: await db.user.groupBy({ by: ['role'], _count: true }),
        raw: await db.$queryRaw`SELECT name FROM users WHERE id = ${ada.id}::uuid`,
        affected: await db.$executeRaw`UPDATE users SET name = 'B' WHERE name = ${'Bo'}`,
        removed: (await db.user.deleteMany({})).count,
      };
    });
    expect(answers).toEqual({
      created: 2,
      nested: 1,
      many: [{ name: 'Ada' }, { name: 'Bo' }, { name: 'Cy' }],
      updated: 'Ada L.',
      upserted: 'Ada',
      grouped: [{ role: 'MEMBER', _count: 3 }],
      raw: [{ name: 'Ada' }],
      affected: 1,
      removed: 3,
    });
  });

  test('interactive transactions hold one server connection, commit as a whole, and undo as a whole', async () => {
    await using fixture = await openPool(tenants.databases);
    await leased(fixture, first, async (db) => {
      const add = async (fails: boolean) =>
        await db.$transaction(
          async (tx) => {
            const [before] = await tx.$queryRaw<{ pid: number }[]>`SELECT pg_backend_pid() AS pid`;
            await tx.user.create({ data: { email: uniqueEmail('dee'), name: 'Dee' } });
            const [after] = await tx.$queryRaw<{ pid: number; isolation: string }[]>`
              SELECT pg_backend_pid() AS pid, current_setting('transaction_isolation') AS isolation`;
            if (fails) throw new Error('changed my mind');
            return { isSame: before?.pid === after?.pid, isolation: after?.isolation };
          },
          { isolationLevel: 'Serializable' },
        );
      expect(await add(false)).toEqual({ isSame: true, isolation: 'serializable' });
      await expect(add(true)).rejects.toThrow('changed my mind');
      expect(await db.user.count({ where: { name: 'Dee' } })).toBe(1);
    });
  });

  test('many tenants with many clients each need one server connection each', async () => {
    await using fixture = await openPool(tenants.databases, {
      limits: { connectionsPerCluster: tenantCount * 4, connectionsPerTenant: 4 },
    });
    const { placements } = tenants.databases;
    const work = placements.flatMap((tenant) =>
      Array.from({ length: 20 }, async () => {
        const [row] = await leased(
          fixture,
          tenant,
          async (db) => await db.$queryRaw<{ role: string }[]>`SELECT current_user::text AS role`,
        );
        return row?.role === tenant.role;
      }),
    );
    expect(new Set(await Promise.all(work))).toEqual(new Set([true]));
    expect(await fixture.metric('tenantry_pool_open_connections')).toBeGreaterThan(tenantCount);
    for (const tenant of placements) expect(await sessionsOf(tenant)).toHaveLength(1);
  });

  test('what a transaction sets for itself is gone after it, with its temporary tables', async () => {
    await using fixture = await openPool(tenants.databases);
    const inside = await leased(
      fixture,
      first,
      async (db) =>
        await db.$transaction(async (tx) => {
          await tx.$executeRaw`SET LOCAL statement_timeout = '1234ms'`;
          await tx.$executeRaw`SELECT set_config('tenantry.mine', 'set', true)`;
          await tx.$executeRaw`CREATE TEMPORARY TABLE mine ON COMMIT DROP AS SELECT 1 AS one`;
          return [await settingOf(tx, 'statement_timeout'), await settingOf(tx, 'tenantry.mine')];
        }),
    );
    expect(inside).toEqual(['1234ms', 'set']);
    await leased(fixture, first, async (db) => {
      expect(await settingOf(db, 'statement_timeout')).toBe('5s');
      expect(await settingOf(db, 'tenantry.mine')).toBe('');
      await expect(db.$queryRaw`SELECT * FROM mine`).rejects.toMatchObject({ code: 'P2010' });
    });
  });

  test('what a raw statement sets for its session is found by the same tenant’s next client, and by no other tenant’s', async () => {
    await using fixture = await openPool(tenants.databases);
    await leased(fixture, first, async (db) => await db.$executeRaw`SET lock_timeout = '4321ms'`);
    expect(await leased(fixture, first, async (db) => await settingOf(db, 'lock_timeout'))).toBe('4321ms');
    for (const tenant of tenants.databases.placements.slice(1)) {
      expect(await leased(fixture, tenant, async (db) => await settingOf(db, 'lock_timeout'))).toBe('0');
    }
    await leased(fixture, first, async (db) => await db.$executeRaw`RESET lock_timeout`);
  });

  test('no statement is kept prepared in a session that the next client finds', async () => {
    await using fixture = await openPool(tenants.databases);
    const prepared = await leased(fixture, first, async (db) => {
      for (let runs = 0; runs < 12; runs += 1) await db.user.findFirst({ where: { id: first.tenantId } });
      return await db.$queryRaw`SELECT name FROM pg_prepared_statements`;
    });
    expect(prepared).toEqual([]);
  });

  test('a session bears the name of the service whose statement it runs', async () => {
    await using users = await openPool(tenants.databases, { service: 'users' });
    await using jobs = await openPool(tenants.databases, { service: 'jobs' });
    const nameOf = async (fixture: PoolFixture) => await leased(fixture, first, async (db) => await settingOf(db, 'application_name'));
    expect([await nameOf(users), await nameOf(jobs), await nameOf(users)]).toEqual(['tenantry:users', 'tenantry:jobs', 'tenantry:users']);
    expect(await sessionsOf(first)).toEqual(['tenantry:users']);
  });
});

describe(`the bounds of a tenant’s role, through PgBouncer ${missing}`, () => {
  test('end a statement that takes too long, and its connection goes on', async () => {
    await bound(second, `SET statement_timeout = '150ms'`);
    await using fixture = await openPool(tenants.databases);
    await leased(fixture, second, async (db) => {
      const failure = { code: 'P2010', meta: { driverAdapterError: { cause: { originalCode: '57014' } } } };
      await expect(db.$queryRaw`SELECT 1 FROM pg_sleep(5)`).rejects.toMatchObject(failure);
      expect(await db.user.count()).toBe(0);
    });
    await bound(second, `SET statement_timeout = '5s'`);
  });

  test('end a transaction that sits idle, and whatever comes next has another connection', async () => {
    await bound(second, `SET idle_in_transaction_session_timeout = '100ms'`);
    await using fixture = await openPool(tenants.databases);
    await leased(fixture, second, async (db) => {
      const idle = db.$transaction(async (tx) => {
        await tx.user.create({ data: { email: uniqueEmail('eve'), name: 'Eve' } });
        await sleep(400);
        return await tx.user.count();
      });
      await expect(idle).rejects.toMatchObject({ code: 'TENANT_UNAVAILABLE' });
      expect(await db.user.count({ where: { name: 'Eve' } })).toBe(0);
    });
    await bound(second, `SET idle_in_transaction_session_timeout = '5s'`);
  });

  test('are needed: a tenant without them is not opened, and is once it has them', async () => {
    await bound(second, 'RESET idle_in_transaction_session_timeout');
    await using fixture = await openPool(tenants.databases);
    await expect(leased(fixture, second, async (db) => await db.user.count())).rejects.toMatchObject({
      name: 'UnboundedRoleError',
      code: 'TENANT_UNAVAILABLE',
      message: expect.stringContaining('has no idle_in_transaction_session_timeout of its own'),
    });
    expect(await fixture.metric('tenantry_pool_reserved_connections')).toBe(0);
    await bound(second, `SET idle_in_transaction_session_timeout = '5s'`);
    const later = async () => await leased(fixture, second, async (db) => await db.user.count()).catch(() => -1);
    await expect.poll(later, { timeout: 10_000 }).toBe(0);
  });
});
