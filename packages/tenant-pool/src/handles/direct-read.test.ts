import { isDriverAdapterError } from '@prisma/driver-adapter-utils';
import { Prisma } from '@tenantry/prisma/tenant';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LeaseEndedError, TenantUnavailableError, UnsupportedOperationError } from '../errors.ts';
import type { TenantDb, TenantLease } from '../lease.ts';
import { openPool, type PoolFixture } from '../testing/pool-fixture.ts';
import { createTenantDatabases, type TenantDatabases } from '../testing/tenant-databases.ts';

let databases: TenantDatabases;

beforeAll(async () => {
  databases = await createTenantDatabases(1);
});
afterAll(async () => await databases?.[Symbol.asyncDispose]());

describe.each(['shared-client', 'client-per-tenant'] as const)('$read over a %s', (strategy) => {
  const sent: string[] = [];
  let fixture: PoolFixture;
  let lease: TenantLease;
  let db: TenantDb;

  beforeAll(async () => {
    fixture = await openPool(databases, { strategy, onStatement: (_tenantId, sql) => void sent.push(sql) });
    lease = await fixture.pool.lease(databases.tenant(0).tenantId, { operation: 'test' });
    ({ db } = lease);
  });
  afterAll(async () => {
    await lease?.[Symbol.asyncDispose]();
    await fixture?.[Symbol.asyncDispose]();
  });

  test('gives what $queryRaw gives', async () => {
    const [text, instant] = ['Zoë’s “name” \\', new Date('2026-02-28T23:59:59.123Z')];
    const sql = Prisma.sql`
      SELECT ${text}::text AS text, ${null}::text AS nothing, 7 AS "int4", 7::int2 AS "int2", 9007199254740993 AS "int8", 1.5::float8 AS float,
             ${true}::boolean AS truth, '0198c0de-0000-7000-8000-000000000001'::uuid AS uuid, 'OWNER'::"UserRole" AS role,
             ${instant}::timestamptz(3) AS instant, '1066-10-14 09:00'::timestamp AS "localTime",
             ${['a', 'b,"c"', '']}::text[] AS texts, array[gen_random_uuid(), null] = '{}' AS "isEmpty"
      UNION ALL SELECT null, null, null, null, null, null, null, null, null, null, null, null, null`;
    const rows = await db.$read(sql);
    expect(rows).toEqual(await db.$queryRaw(sql));
    expect(rows[0]).toMatchObject({ text, instant, int8: 9007199254740993n, texts: ['a', 'b,"c"', ''] });
    expect(await db.$read(Prisma.sql`SELECT 1 AS one WHERE false`)).toEqual([]);
  });

  test('is one statement, kept prepared like any other that comes often', async () => {
    sent.length = 0;
    for (let runs = 0; runs < 12; runs += 1) expect(await db.$read(Prisma.sql`SELECT ${runs}::int AS run`)).toEqual([{ run: runs }]);
    expect(sent).toEqual(Array.from({ length: 12 }, () => 'SELECT $1::int AS run'));
    const kept = await db.$queryRaw`SELECT name FROM pg_prepared_statements WHERE statement = 'SELECT $1::int AS run'`;
    expect(kept).toHaveLength(1);
  });

  test('keeps values out of the statement', async () => {
    const attack = "'; DROP TABLE users; --";
    expect(await db.$read(Prisma.sql`SELECT ${attack} AS text`)).toEqual([{ text: attack }]);
  });

  test('refuses values that it would not give as $queryRaw does', async () => {
    const refused = db.$read(Prisma.sql`SELECT 1.5::numeric AS price`);
    await expect(refused).rejects.toThrow(UnsupportedOperationError);
    await expect(refused).rejects.toThrow('"price"');
  });

  test('fails with the refusal of Postgres, and leaves the connection as it was', async () => {
    const [before] = await databases.sessions(databases.tenant(0));
    const error: unknown = await db.$read(Prisma.sql`SELECT 1/0`).catch((refusal: unknown) => refusal);
    expect(isDriverAdapterError(error) && error.cause).toMatchObject({ originalCode: '22012' });
    expect(await db.$read(Prisma.sql`SELECT 1 AS one`)).toEqual([{ one: 1 }]);
    expect((await databases.sessions(databases.tenant(0)))[0]).toEqual(before);
  });

  test('fails as any operation does when its connection is lost', async () => {
    const lost = Prisma.sql`SELECT pg_terminate_backend(pg_backend_pid())`;
    await expect(db.$read(lost)).rejects.toThrow(TenantUnavailableError);
    expect(await db.$read(Prisma.sql`SELECT 1 AS one`)).toEqual([{ one: 1 }]);
  });

  test('ends with its lease', async () => {
    const ended = await fixture.pool.lease(databases.tenant(0).tenantId, { operation: 'test' });
    await ended[Symbol.asyncDispose]();
    await expect(ended.db.$read(Prisma.sql`SELECT 1`)).rejects.toThrow(LeaseEndedError);
  });
});
