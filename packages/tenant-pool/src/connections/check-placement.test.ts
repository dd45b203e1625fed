import { unseal } from '@tenantry/service';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { TenantPlacement } from '../directory/placement.ts';
import { createTenantDatabases, type TenantDatabases } from '../testing/tenant-databases.ts';
import { checkPlacement } from './check-placement.ts';

let databases: TenantDatabases;

beforeAll(async () => void (databases = await createTenantDatabases(1)));
afterAll(async () => await databases?.[Symbol.asyncDispose]());

async function check(change: Partial<TenantPlacement> = {}): Promise<void> {
  const placement = { ...databases.tenant(0), ...change };
  const password = unseal(placement.sealedPassword, placement.tenantId, databases.keyRing);
  await checkPlacement(placement, { password, service: 'test' });
}

test('a placement by which a connection can be made is left without one', async () => {
  await check();
  await expect.poll(async () => await databases.sessions(databases.tenant(0))).toEqual([]);
});

test.each([
  ['a port that is none', { port: 70_000 }, { code: 'ERR_SOCKET_BAD_PORT' }],
  ['a database that is not there', { database: 'nowhere' }, { code: '3D000' }],
  ['an sslmode that is none', { sslMode: 'maybe' }, { code: 'TENANT_UNAVAILABLE' }],
  ['a role without bounds behind a pooler', { pooling: 'transaction' }, { name: 'UnboundedRoleError' }],
] as const)('%s is told of', async (_what, change, error) => {
  await expect(check(change)).rejects.toMatchObject(error);
});
