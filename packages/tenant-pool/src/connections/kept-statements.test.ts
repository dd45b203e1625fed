import { afterAll, beforeAll, expect, test } from 'vitest';
import type { TenantPlacement } from '../directory/placement.ts';
import { openPool } from '../testing/pool-fixture.ts';
import { createTenantDatabases, type TenantDatabases } from '../testing/tenant-databases.ts';

const email = 'ada@people.example';
let databases: TenantDatabases;
let tenant: TenantPlacement;

beforeAll(async () => {
  databases = await createTenantDatabases(1);
  tenant = databases.tenant(0);
  const data = `INSERT INTO users (id, email, name, updated_at) VALUES (gen_random_uuid(), '${email}', 'Ada', now())`;
  await databases.within(tenant, data);
});
afterAll(async () => await databases?.[Symbol.asyncDispose]());

/** One connection, so that whatever is prepared is prepared where it is used. */
const limits = { connectionsPerTenant: 1 };

test('a schema that changes beneath an open tenant fails no query, and a transaction only so that it may begin again', async () => {
  await using fixture = await openPool(databases, { limits });
  await using lease = await fixture.pool.lease(tenant.tenantId, { operation: 'test' });
  const { db } = lease;
  for (let runs = 0; runs < 12; runs += 1) await db.user.findFirst({ where: { email } });
  const kept = await db.$queryRaw<{ statement: string }[]>`SELECT statement FROM pg_prepared_statements`;
  expect(kept).toEqual([{ statement: expect.stringContaining('FROM "public"."users"') }]);

  await databases.within(tenant, 'ALTER TABLE users ALTER COLUMN name TYPE varchar(200)');
  expect(await db.user.findFirst({ where: { email } })).toMatchObject({ name: 'Ada' });

  const read = async () => await db.$transaction(async (tx) => await tx.user.findFirst({ where: { email }, select: { name: true } }));
  for (let runs = 0; runs < 12; runs += 1) await read();
  await databases.within(tenant, 'ALTER TABLE users ALTER COLUMN name TYPE text');
  await expect(read()).rejects.toMatchObject({ code: 'P2034' });
  expect(await read()).toEqual({ name: 'Ada' });
});
