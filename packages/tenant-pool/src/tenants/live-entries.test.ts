import { PrismaClient } from '@tenantry/prisma/tenant';
import { expect, test } from 'vitest';
import { openPool } from '../testing/pool-fixture.ts';
import { recordingLogger } from '../testing/recording-logger.ts';
import { createTenantDatabases } from '../testing/tenant-databases.ts';

let clings = false;

class ClingingClient extends PrismaClient {
  override async $disconnect(): Promise<void> {
    await super.$disconnect();
    if (clings) throw new Error('I would rather stay.');
  }
}

test('a tenant whose client cannot be disposed of is closed even so, and logged', async () => {
  await using databases = await createTenantDatabases(1);
  const { tenantId } = databases.tenant(0);
  const { logger, lines } = recordingLogger();
  await using fixture = await openPool(databases, { logger, strategy: 'client-per-tenant', client: { PrismaClient: ClingingClient } });
  await (await fixture.pool.lease(tenantId, { operation: 'test' }))[Symbol.asyncDispose]();
  clings = true;
  await fixture.pool.evict(tenantId, 'a test wants so');
  expect(lines).toEqual([
    expect.objectContaining({ level: 50, tenantId, err: expect.objectContaining({ message: 'I would rather stay.' }) }),
  ]);
  expect(await databases.sessions(databases.tenant(0))).toEqual([]);
  expect(await fixture.metric('tenantry_pool_open_tenants')).toBe(0);
});
