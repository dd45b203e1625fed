import { afterAll, beforeAll, beforeEach, expect, inject, test } from 'vitest';
import type { TenantPlacement } from '../directory/placement.ts';
import { createPooledTenants, type PooledTenants } from '../testing/pooled-tenants.ts';
import { tenantAt } from '../testing/tenant-databases.ts';
import { openScene } from './scene.ts';
import { marksTable } from './tenant-traffic.ts';

const missing: string = inject('pgBouncerMissing');

let tenants: PooledTenants;
let pooled: readonly TenantPlacement[];
/** Reached past the pooler. */
let direct: TenantPlacement;

beforeAll(async () => {
  if (missing !== '') return;
  tenants = await createPooledTenants(3, { server_idle_timeout: '1' });
  for (const placement of tenants.direct) await tenants.databases.within(placement, marksTable);
  [direct, pooled] = [tenantAt(tenants.direct, -1), tenants.databases.placements.slice(0, -1)];
});
afterAll(async () => await tenants?.[Symbol.asyncDispose]());
beforeEach(({ skip }) => skip(missing !== '', missing));

test(`a PgBouncer that is restarted is an outage of those behind it, and costs nothing that was confirmed ${missing}`, async () => {
  await using scene = await openScene({ ...tenants, changes: new Map([[direct.tenantId, direct]]) });
  for (let times = 0; times < 3; times += 1) {
    for (const tenant of pooled) scene.traffic.of(tenant).failures.clear();
    await tenants.pgBouncer.stop();
    for (const tenant of pooled) await scene.traffic.of(tenant).meets('TENANT_UNAVAILABLE');
    await scene.traffic.flows([direct]);
    await tenants.pgBouncer.start();
    await scene.traffic.flows();
  }
  expect(await scene.end((tenant) => (pooled.includes(tenant) ? ['TENANT_UNAVAILABLE'] : []))).toEqual([]);
});
