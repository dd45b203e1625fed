import { afterAll, beforeAll, expect, test } from 'vitest';
import type { TenantPlacement } from '../directory/placement.ts';
import { TenantUnavailableError } from '../errors.ts';
import { eventually } from '../testing/eventually.ts';
import { openFaultyProxy } from '../testing/faulty-proxy.ts';
import { openPool } from '../testing/pool-fixture.ts';
import { createTenantDatabases, type TenantDatabases } from '../testing/tenant-databases.ts';

const operation = 'test';

let databases: TenantDatabases;
let tenant: TenantPlacement;

beforeAll(async () => {
  databases = await createTenantDatabases(1);
  tenant = databases.tenant(0);
});
afterAll(async () => await databases?.[Symbol.asyncDispose]());

test('a tenant that cannot be opened is a failure in the metrics', async () => {
  await using fixture = await openPool(databases);
  fixture.table.update(tenant.tenantId, { port: 1 });
  await expect(fixture.pool.lease(tenant.tenantId, { operation })).rejects.toThrow(TenantUnavailableError);
  expect(await fixture.metric('tenantry_pool_connection_failures_total', { failure: 'unreachable' })).toBe(1);
});

test('a tenant that is being opened has its connection among the open ones', async () => {
  await using proxy = await openFaultyProxy(tenant);
  await using fixture = await openPool(databases, { limits: { preconnects: 0, connectionDeadlineMs: 1000 } });
  fixture.table.update(tenant.tenantId, { host: '127.0.0.1', port: proxy.port });
  proxy.mode = 'silence';
  const refused = fixture.pool.lease(tenant.tenantId, { operation }).catch((error: unknown) => error);
  await eventually(() => proxy.made === 1);
  expect(await fixture.metric('tenantry_pool_open_connections')).toBe(1);
  expect(await refused).toBeInstanceOf(TenantUnavailableError);
  expect(await fixture.metric('tenantry_pool_open_connections')).toBe(0);
});
