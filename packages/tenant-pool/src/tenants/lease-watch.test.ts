import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TenantPlacement } from '../directory/placement.ts';
import { LeaseOverdueError } from '../errors.ts';
import { eventually } from '../testing/eventually.ts';
import { openPool } from '../testing/pool-fixture.ts';
import { recordingLogger } from '../testing/recording-logger.ts';
import { createTenantDatabases, type TenantDatabases } from '../testing/tenant-databases.ts';

let databases: TenantDatabases;
let tenant: TenantPlacement;

beforeAll(async () => {
  databases = await createTenantDatabases(1);
  tenant = databases.tenant(0);
});
afterAll(async () => await databases?.[Symbol.asyncDispose]());

describe('a lease that is not returned', () => {
  test('is warned of once, by the name of its operation', async () => {
    const { lines, logger } = recordingLogger();
    await using fixture = await openPool(databases, { logger, limits: { leaseWarningMs: 100 } });
    await using _forgotten = await fixture.pool.lease(tenant.tenantId, { operation: 'ForgetsItsLease' });
    await eventually(() => lines.length > 0);
    await sleep(1200);
    expect(lines).toEqual([
      expect.objectContaining({ level: 40, operation: 'ForgetsItsLease', tenantId: tenant.tenantId, ageMs: expect.any(Number) }),
    ]);
    expect(await fixture.metric('tenantry_pool_overdue_leases_total', { outcome: 'warned' })).toBe(1);
    expect(await fixture.metric('tenantry_pool_oldest_lease_seconds')).toBeGreaterThan(1);
  });

  test('is revoked at the deadline, and keeps its tenant open no longer', async () => {
    await using fixture = await openPool(databases, { limits: { leaseWarningMs: 50, leaseDeadlineMs: 100, idleTenantMs: 50 } });
    const forgotten = await fixture.pool.lease(tenant.tenantId, { operation: 'ForgetsItsLease' });
    await eventually(async () => (await fixture.metric('tenantry_pool_leases')) === 0);
    await expect(forgotten.db.user.count()).rejects.toThrow(LeaseOverdueError);
    await expect(forgotten.db.user.count()).rejects.toThrow(/"ForgetsItsLease"/);
    await eventually(async () => (await fixture.metric('tenantry_pool_open_tenants')) === 0);
    expect(await fixture.metric('tenantry_pool_overdue_leases_total', { outcome: 'revoked' })).toBe(1);
  });

  test('has the time that it was asked for with', async () => {
    await using fixture = await openPool(databases, { limits: { leaseWarningMs: 50, leaseDeadlineMs: 100 } });
    await using job = await fixture.pool.lease(tenant.tenantId, { operation: 'LongJob', holdMs: 60_000 });
    await using _other = await fixture.pool.lease(tenant.tenantId, { operation: 'Request' });
    await eventually(async () => (await fixture.metric('tenantry_pool_leases')) === 1);
    expect(await job.db.user.count()).toBe(0);
  });
});
