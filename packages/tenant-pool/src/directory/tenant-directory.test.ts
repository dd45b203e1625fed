import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { silentLogger } from '@tenantry/service';
import { Registry } from 'prom-client';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { TenantNotFoundError, TenantUnavailableError } from '../errors.ts';
import { LocalBus } from '../testing/local-bus.ts';
import { placementOf, PlacementTable } from '../testing/placements.ts';
import { createTenantDirectory, type TenantDirectory } from './tenant-directory.ts';

let table: PlacementTable;
let bus: LocalBus;
let directory: TenantDirectory;
let tenantId: string;
let metrics: Registry;

beforeEach(() => {
  const placement = placementOf();
  ({ tenantId } = placement);
  table = new PlacementTable([placement]);
  bus = new LocalBus();
  metrics = new Registry();
  directory = createTenantDirectory({ source: table, bus, logger: silentLogger, metrics, memoryTtlMs: 60, negativeTtlMs: 20 });
});
afterEach(async () => await directory[Symbol.asyncDispose]());

describe('a lookup', () => {
  test('reads the source once for many who ask at the same time, and for those who come soon after', async () => {
    table.beforeAnswer = async () => await sleep(10);
    const placements = await Promise.all(Array.from({ length: 10 }, async () => await directory.lookup(tenantId)));
    expect(new Set(placements).size).toBe(1);
    expect(await directory.lookup(tenantId.toUpperCase())).toBe(placements[0]);
    expect(table.reads).toBe(1);
  });

  test('reads again once the memory is too old', async () => {
    await directory.lookup(tenantId);
    await sleep(80);
    await directory.lookup(tenantId);
    expect(table.reads).toBe(2);
  });

  test('remembers for a moment that a tenant does not exist', async () => {
    const unknown = randomUUID();
    for (let count = 0; count < 3; count += 1) await expect(directory.lookup(unknown)).rejects.toThrow(TenantNotFoundError);
    expect(table.reads).toBe(1);
    table.set(placementOf({ tenantId: unknown }));
    await bus.publish(unknown);
    expect(await directory.lookup(unknown)).toMatchObject({ tenantId: unknown });
  });

  test('asks again for a tenant that did not exist, sooner than for one that did', async () => {
    const unknown = randomUUID();
    await directory.lookup(tenantId);
    await expect(directory.lookup(unknown)).rejects.toThrow(TenantNotFoundError);
    await sleep(40);
    await directory.lookup(tenantId);
    expect(table.reads).toBe(2);
    await expect(directory.lookup(unknown)).rejects.toThrow(TenantNotFoundError);
    expect(table.reads).toBe(3);
  });

  test('asks nobody about what is not a UUID', async () => {
    for (const id of ['', 'acme', `${tenantId}:x`, `${tenantId} `]) await expect(directory.lookup(id)).rejects.toThrow(TenantNotFoundError);
    expect(table.reads).toBe(0);
  });

  test('is TENANT_UNAVAILABLE when the source cannot be read, and tries again the next time', async () => {
    table.beforeAnswer = () => {
      throw new Error('the catalog is down');
    };
    await expect(directory.lookup(tenantId)).rejects.toThrow(TenantUnavailableError);
    table.beforeAnswer = undefined;
    expect(await directory.lookup(tenantId)).toMatchObject({ tenantId });
  });

  test('takes no answer for another tenant', async () => {
    const source = { findPlacement: async () => placementOf() };
    await using confused = createTenantDirectory({ source, bus, logger: silentLogger });
    await expect(confused.lookup(tenantId)).rejects.toThrow(TenantUnavailableError);
  });
});

describe('the tenants that are served', () => {
  test('are the source’s', async () => {
    table.set(placementOf({ status: 'SUSPENDED' }));
    expect(await directory.findServed(5)).toEqual([tenantId]);
    expect(await directory.findServed(0)).toEqual([]);
  });

  test('are none where the source does not list them', async () => {
    const source = { findPlacement: async () => null };
    await using narrow = createTenantDirectory({ source, bus, logger: silentLogger });
    expect(await narrow.findServed(5)).toEqual([]);
  });

  test('cannot be told while the source cannot be read', async () => {
    const source = { findPlacement: async () => null, findServed: async () => await Promise.reject(new Error('no catalog')) };
    await using broken = createTenantDirectory({ source, bus, logger: silentLogger });
    await expect(broken.findServed(5)).rejects.toThrow(TenantUnavailableError);
  });
});

async function suspend(): Promise<void> {
  table.update(tenantId, { status: 'SUSPENDED' });
  await bus.publish(tenantId);
}

describe('a change', () => {
  test('is seen by the next lookup, and told to listeners', async () => {
    const changed: (string | null)[] = [];
    using _subscription = directory.onChange((id) => changed.push(id));
    await directory.lookup(tenantId);
    await suspend();
    expect(await directory.lookup(tenantId)).toMatchObject({ status: 'SUSPENDED' });
    bus.loseMessages();
    expect(changed).toEqual([tenantId, null]);
  });

  test('that comes while the old placement is being read is seen by that lookup too, and nothing old is kept', async () => {
    let hasChanged = false;
    table.beforeAnswer = async () => {
      if (hasChanged) return;
      hasChanged = true;
      await suspend();
    };
    const [one, another] = await Promise.all([directory.lookup(tenantId), directory.lookup(tenantId)]);
    expect([one.status, another.status]).toEqual(['SUSPENDED', 'SUSPENDED']);
    expect(await directory.lookup(tenantId)).toMatchObject({ status: 'SUSPENDED' });
    expect(table.reads).toBe(2);
  });

  test('of which the message may have been lost is seen after the reconnect, also by a lookup in flight', async () => {
    let hasChanged = false;
    await directory.lookup(tenantId);
    table.beforeAnswer = () => {
      if (hasChanged) return;
      hasChanged = true;
      table.update(tenantId, { status: 'SUSPENDED' });
      bus.loseMessages();
    };
    bus.loseMessages();
    expect(await directory.lookup(tenantId)).toMatchObject({ status: 'SUSPENDED' });
  });

  test('upon change upon change is TENANT_UNAVAILABLE rather than an old answer', async () => {
    table.beforeAnswer = async () => await bus.publish(tenantId);
    await expect(directory.lookup(tenantId)).rejects.toThrow(/keeps changing/);
    table.beforeAnswer = undefined;
    expect(await directory.lookup(tenantId)).toMatchObject({ tenantId });
  });

  test('can be said by who knows better, for this process alone', async () => {
    const changed: (string | null)[] = [];
    using _subscription = directory.onChange((id) => changed.push(id));
    await directory.lookup(tenantId);
    table.update(tenantId, { credentialVersion: 2 });
    await directory.invalidate(tenantId);
    expect(await directory.lookup(tenantId)).toMatchObject({ credentialVersion: 2 });
    expect(changed).toEqual([]);
  });

  test('is not told to who no longer listens', async () => {
    const changed: (string | null)[] = [];
    directory.onChange((id) => changed.push(id))[Symbol.dispose]();
    await suspend();
    expect(changed).toEqual([]);
  });
});

describe('the metrics', () => {
  test('tell where answers came from, and how often the source was read', async () => {
    await Promise.all([directory.lookup(tenantId), directory.lookup(tenantId)]);
    await directory.lookup(tenantId);
    const unknown = randomUUID();
    for (const id of [unknown, unknown, 'no-uuid']) await expect(directory.lookup(id)).rejects.toThrow(TenantNotFoundError);
    table.beforeAnswer = () => {
      throw new Error('the catalog is down');
    };
    await expect(directory.lookup(randomUUID())).rejects.toThrow(TenantUnavailableError);
    const scraped = await metrics.metrics();
    expect(scraped).toContain('tenantry_directory_lookups_total{answer="source"} 3');
    expect(scraped).toContain('tenantry_directory_lookups_total{answer="memory"} 1');
    expect(scraped).toContain('tenantry_directory_lookups_total{answer="negative"} 2');
    expect(scraped).toContain('tenantry_directory_lookups_total{answer="failed"} 1');
    expect(scraped).toContain('tenantry_directory_source_read_seconds_count 3');
  });

  test('count the changes that were heard of', async () => {
    await suspend();
    await suspend();
    bus.loseMessages();
    const scraped = await metrics.metrics();
    expect(scraped).toContain('tenantry_directory_invalidations_total{scope="tenant"} 2');
    expect(scraped).toContain('tenantry_directory_invalidations_total{scope="all"} 1');
  });
});
