import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { TenantBreakers } from '../breaker/tenant-breakers.ts';
import { TenantBusyError, TenantNotFoundError, TenantUnavailableError } from '../errors.ts';
import type { ClusterUsage } from './cluster-usage.ts';
import { leaseOutcome } from './lease-outcome.ts';
import { PoolMetrics } from './pool-metrics.ts';

const usage: ClusterUsage = {
  cluster: 'standard',
  limit: 60,
  reserved: 9,
  open: 8,
  idle: 7,
  waitingForBudget: 6,
  waitingForConnection: 5,
  tenants: 4,
  leases: 3,
  oldestLeaseMs: 2500,
};

test('the usage of each cluster is told as it is at the scrape', async () => {
  const registry = new Registry();
  const clusters = [usage];
  let asked = 0;
  new PoolMetrics(registry, () => {
    asked += 1;
    return clusters;
  }).leases.inc({ outcome: 'granted' });
  clusters.push({ ...usage, cluster: 'premium', oldestLeaseMs: 0 });
  const scraped = await registry.metrics();
  expect(scraped).toContain('tenantry_pool_budget_connections{cluster="standard"} 60');
  expect(scraped).toContain('tenantry_pool_budget_waiters{cluster="premium"} 6');
  expect(scraped).toContain('tenantry_pool_oldest_lease_seconds{cluster="standard"} 2.5');
  expect(scraped).toContain('tenantry_pool_oldest_lease_seconds{cluster="premium"} 0');
  expect(asked).toBe(1);
  clusters.pop();
  clusters.push({ ...usage, cluster: 'premium', leases: 17 });
  expect(await registry.metrics()).toContain('tenantry_pool_leases{cluster="premium"} 17');
});

test('breakers are told by failure and state: how many tenants now, and how many changes', async () => {
  const registry = new Registry();
  const breakers: TenantBreakers = new TenantBreakers({
    onChange: ({ failure, state }) => metrics.breakerChanges.inc({ failure, state }),
  });
  const metrics: PoolMetrics = new PoolMetrics(registry, () => [], { breakers: () => breakers.usage() });
  expect(await registry.metrics()).toContain('tenantry_pool_breaker_tenants{failure="authentication",state="open"} 0');
  for (const tenantId of ['one', 'another']) breakers.admit(tenantId).failed('authentication');
  expect(await registry.metrics()).toContain('tenantry_pool_breaker_tenants{failure="authentication",state="open"} 2');
  breakers.forget('one');
  const scraped = await registry.metrics();
  expect(scraped).toContain('tenantry_pool_breaker_tenants{failure="authentication",state="open"} 1');
  expect(scraped).toContain('tenantry_pool_breaker_changes_total{failure="authentication",state="open"} 2');
  expect(scraped).toContain('tenantry_pool_breaker_changes_total{failure="authentication",state="closed"} 1');
});

test('requests for leases are counted by how they ended, over all tenants and by tenant', async () => {
  const registry = new Registry();
  const metrics = new PoolMetrics(registry, () => [], { topTenants: 1 });
  metrics.observeLease('first', 'granted');
  metrics.observeLease('second', 'granted');
  metrics.observeQuery({ tenantId: 'second', model: 'User', operation: 'count', durationMs: 1, ok: true });
  const scraped = await registry.metrics();
  expect(scraped).toContain('tenantry_pool_leases_total{outcome="granted"} 2');
  expect(scraped).toContain('tenantry_pool_tenant_leases_total{tenant="first",outcome="granted"} 1');
  expect(scraped).toContain('tenantry_pool_query_seconds_count{tenant="other",model="User"} 1');
});

test.each([
  [new TenantBusyError('busy'), 'busy'],
  [new TenantUnavailableError('gone'), 'unavailable'],
  [new TenantNotFoundError('none'), 'refused'],
  [new Error('boom'), 'failed'],
])('%s is a lease that ended as %s', (error, outcome) => {
  expect(leaseOutcome(error)).toBe(outcome);
});

test('a lease that nobody waits for any more is abandoned, whatever the reason looks like', () => {
  const reason = new TenantBusyError('the caller is');
  expect(leaseOutcome(reason, AbortSignal.abort(reason))).toBe('abandoned');
  expect(leaseOutcome(new TenantBusyError('the pool is'), AbortSignal.abort())).toBe('busy');
});
