import { randomUUID } from 'node:crypto';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Registry } from 'prom-client';
import { beforeEach, describe, expect, test } from 'vitest';
import { TenantMetrics } from './tenant-metrics.ts';

const models = ['User', 'Team', 'TeamMember', 'Invitation', 'TenantSettings', undefined];
const topTenants = 20;

let now: number;
let registry: Registry;
let metrics: TenantMetrics;

function open(): void {
  now = 1;
  registry = new Registry();
  metrics = new TenantMetrics(registry, { topTenants, now: () => now });
}

beforeEach(open);

function query(
  tenantId: string,
  overrides: { model?: string | undefined; operation?: string; durationMs?: number; ok?: boolean } = {},
): void {
  metrics.observeQuery({ tenantId, model: 'User', operation: 'findMany', durationMs: 3, ok: true, ...overrides });
}

async function scrape(): Promise<string> {
  now += 15_000;
  return await registry.metrics();
}

test('queries are timed by tenant and model, raw SQL and transactions as such', async () => {
  query('acme', { durationMs: 20 });
  query('acme', { durationMs: 30 });
  query('acme', { model: undefined, operation: '$queryRaw' });
  query('acme', { model: undefined, operation: '$executeRawUnsafe', ok: false });
  query('acme', { model: undefined, operation: '$transaction' });
  const scraped = await scrape();
  expect(scraped).toContain('tenantry_pool_query_seconds_count{tenant="acme",model="User"} 2');
  expect(scraped).toContain('tenantry_pool_query_seconds_sum{tenant="acme",model="User"} 0.05');
  expect(scraped).toContain('tenantry_pool_query_seconds_bucket{le="0.025",tenant="acme",model="User"} 1');
  expect(scraped).toContain('tenantry_pool_query_seconds_count{tenant="acme",model="raw"} 2');
  expect(scraped).toContain('tenantry_pool_query_seconds_count{tenant="acme",model="transaction"} 1');
  expect(scraped).toContain('tenantry_pool_query_failures_total{tenant="acme"} 1');
});

test('leases are counted by tenant; asking for what is not granted names nobody', async () => {
  for (let count = 0; count < 3; count += 1) metrics.observeLease('acme', 'granted');
  metrics.observeLease('acme', 'busy');
  metrics.observeLease('nonsense', 'refused');
  const scraped = await scrape();
  expect(scraped).toContain('tenantry_pool_tenant_leases_total{tenant="acme",outcome="granted"} 3');
  expect(scraped).toContain('tenantry_pool_tenant_leases_total{tenant="acme",outcome="busy"} 1');
  expect(scraped).toContain('tenantry_pool_tenant_leases_total{tenant="other",outcome="refused"} 1');
  expect(scraped).not.toContain('nonsense');
});

test('a tenant that falls out of the top keeps its last values for a while, then ends; all else of it is in other', async () => {
  const tenants = Array.from({ length: topTenants }, (_, index) => `tenant-${index}`);
  for (const tenantId of tenants) for (let count = 0; count < 20; count += 1) query(tenantId, { ok: false });
  metrics.observeLease('tenant-0', 'granted');
  for (let count = 0; count < 100; count += 1) for (const tenantId of ['riser', ...tenants.slice(1)]) query(tenantId);
  expect(await scrape()).toContain('query_seconds_count{tenant="other",model="User"} 100');
  query('riser');
  query('tenant-0');
  const atOnce = await scrape();
  expect(atOnce).toContain('query_seconds_count{tenant="riser",model="User"} 1');
  expect(atOnce).toContain('query_seconds_count{tenant="tenant-0",model="User"} 20');
  expect(atOnce).toContain('query_seconds_count{tenant="other",model="User"} 101');
  now += 120_000;
  const later = await scrape();
  expect(later).not.toContain('tenant-0');
  expect(later).toContain('tenant="tenant-1"');
  expect(later).toContain('query_seconds_count{tenant="other",model="User"} 101');
});

/** What a scraper makes of a counter: the sum of what its series grew by from scrape to scrape. */
class Scraper {
  increase = 0;
  #last = new Map<string, number>();

  take(scraped: string, counter: string): void {
    const lines = scraped.split('\n').filter((line) => line.startsWith(`${counter}{`));
    const series = new Map(lines.map((line) => line.split(' ')).map(([name = '', value]) => [name, Number(value)]));
    for (const [name, value] of series) this.increase += value - (this.#last.get(name) ?? 0);
    this.#last = series;
  }
}

describe('with 10,000 tenants', () => {
  const tenants = Array.from({ length: 10_000 }, () => randomUUID());

  /** Traffic by Zipf's law: the first tenant has most. */
  function trafficOf(queries: number): void {
    for (let count = 0; count < queries; count += 1) {
      const rank = Math.floor(tenants.length ** ((count * 0.618_033_988_7) % 1));
      query(tenants[rank - 1] ?? '', { model: models[count % models.length], ok: count % 100 > 0 });
    }
  }

  test('a scrape stays small, loses no query, and names those with the most traffic', async () => {
    for (const tenantId of tenants) for (const outcome of ['granted', 'busy'] as const) metrics.observeLease(tenantId, outcome);
    const scraper = new Scraper();
    let scraped = '';
    let lines = 0;
    let bytes = 0;
    for (let round = 0; round < 40; round += 1) {
      trafficOf(10_000);
      scraped = await scrape();
      scraper.take(scraped, 'tenantry_pool_query_seconds_count');
      lines = Math.max(lines, scraped.split('\n').length);
      bytes = Math.max(bytes, Buffer.byteLength(scraped));
    }
    expect(scraper.increase).toBe(400_000);
    const named = new Set([...scraped.matchAll(/tenant="([^"]+)"/g)].map(([, name]) => name));
    expect(named.size).toBe(topTenants + 1);
    for (const tenantId of tenants.slice(0, 10)) expect(named).toContain(tenantId);
    const labels = 2 * topTenants + 1;
    const linesPerTenant = models.length * 9 + 1 + 2;
    expect(lines).toBeLessThan(labels * linesPerTenant + 15);
    expect(bytes).toBeLessThan(300_000);
  });

  test('and hundreds of thousands more, one after the other, the memory does not grow', async () => {
    setFlagsFromString('--expose-gc');
    const collect: unknown = runInNewContext('gc');
    if (typeof collect !== 'function') throw new Error('there is no garbage collector to call');
    const heapAfter = async (): Promise<number> => {
      for (let round = 0; round < 3; round += 1) {
        for (let count = 0; count < 20_000; count += 1) query(randomUUID());
        await scrape();
      }
      collect();
      return process.memoryUsage().heapUsed;
    };
    await heapAfter();
    const before = await heapAfter();
    const grown = [await heapAfter(), await heapAfter(), await heapAfter()].map((heap) => heap - before);
    // 60,000 ids alone are 3 MB.
    expect(Math.min(...grown)).toBeLessThan(1_000_000);
  });
});
