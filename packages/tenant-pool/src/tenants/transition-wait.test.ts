import { setImmediate } from 'node:timers/promises';
import { silentLogger, TenantryError } from '@tenantry/service';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { TenantPlacement } from '../directory/placement.ts';
import { createTenantDirectory, type TenantDirectory } from '../directory/tenant-directory.ts';
import { TenantMigratingError, TenantSuspendedError, TenantWakingError } from '../errors.ts';
import { eventually } from '../testing/eventually.ts';
import { LocalBus } from '../testing/local-bus.ts';
import { placementOf, PlacementTable } from '../testing/placements.ts';
import { openPool } from '../testing/pool-fixture.ts';
import { createTenantDatabases } from '../testing/tenant-databases.ts';
import { standingOf } from './serving.ts';
import { TransitionWait } from './transition-wait.ts';

/** Longer than any of these tests takes. */
const longMs = 60_000;

describe('a wait for a tenant in transition', () => {
  let table: PlacementTable;
  let bus: LocalBus;
  let directory: TenantDirectory;
  let tenantId: string;
  let attempts: number;
  let lookups: number;
  /** Who listens for changes. */
  let listeners: number;

  beforeEach(() => {
    const placement = placementOf({ status: 'MIGRATING' });
    ({ tenantId } = placement);
    table = new PlacementTable([placement]);
    bus = new LocalBus();
    directory = createTenantDirectory({ source: table, bus, logger: silentLogger });
    [attempts, lookups, listeners] = [0, 0, 0];
  });
  afterEach(async () => await directory[Symbol.asyncDispose]());

  function onChange(listener: (changed: string | null) => void): Disposable {
    listeners += 1;
    const subscription = directory.onChange(listener);
    return {
      [Symbol.dispose]: () => {
        listeners -= 1;
        subscription[Symbol.dispose]();
      },
    };
  }

  async function lookup(id: string): Promise<TenantPlacement> {
    lookups += 1;
    return await directory.lookup(id);
  }

  function openWait(waitMs: number): TransitionWait {
    return new TransitionWait({ directory: { lookup, onChange }, waitMs });
  }

  /** What an attempt to reach the tenant comes to. */
  async function attempt(): Promise<string> {
    attempts += 1;
    const standing = await standingOf(directory, tenantId);
    if (standing instanceof TenantryError) throw standing;
    return 'reached';
  }

  async function change(status: 'ACTIVE' | 'WAKING' | 'SUSPENDED'): Promise<void> {
    table.update(tenantId, { status });
    await bus.publish(tenantId);
  }

  test('ends when the tenant is served, having asked for nothing meanwhile', async () => {
    const outcome = openWait(longMs).outlast(tenantId.toUpperCase(), attempt);
    await eventually(() => listeners === 1);
    await bus.publish(placementOf().tenantId);
    await setImmediate();
    expect(lookups).toBe(1);
    await change('WAKING');
    await eventually(() => table.reads === 2);
    await change('ACTIVE');
    expect(await outcome).toBe('reached');
    expect([attempts, lookups, table.reads, listeners]).toEqual([2, 3, 3, 0]);
  });

  test('ends when the bus, having lost the message of it, connects again', async () => {
    const outcome = openWait(longMs).outlast(tenantId, attempt);
    await eventually(() => listeners === 1);
    table.update(tenantId, { status: 'ACTIVE' });
    bus.loseMessages();
    expect(await outcome).toBe('reached');
  });

  test('ends when the tenant is refused for another reason', async () => {
    const outcome = openWait(longMs).outlast(tenantId, attempt);
    await eventually(() => listeners === 1);
    await Promise.all([expect(outcome).rejects.toThrow(TenantSuspendedError), change('SUSPENDED')]);
  });

  test.each([
    ['MIGRATING', TenantMigratingError],
    ['WAKING', TenantWakingError],
  ] as const)('ends when the time is over and the tenant is still %s', async (status, expected) => {
    table.update(tenantId, { status });
    await expect(openWait(30).outlast(tenantId, attempt)).rejects.toThrow(expected);
    expect([attempts, listeners]).toEqual([2, 0]);
  });

  test('ends at its signal, with its reason, and attempts nothing more', async () => {
    const abort = new AbortController();
    const outcome = openWait(longMs).outlast(tenantId, attempt, abort.signal);
    await eventually(() => listeners === 1);
    const reason = new Error('not any more');
    abort.abort(reason);
    await expect(outcome).rejects.toBe(reason);
    expect([attempts, listeners]).toEqual([1, 0]);
  });

  test('ends when nobody shall wait any more', async () => {
    const wait = openWait(longMs);
    const outcome = wait.outlast(tenantId, attempt);
    await eventually(() => listeners === 1);
    wait[Symbol.dispose]();
    await expect(outcome).rejects.toThrow(TenantMigratingError);
  });

  test('does not begin where none is wanted, nor for a tenant that somebody would have to wake', async () => {
    await expect(openWait(0).outlast(tenantId, attempt)).rejects.toThrow(TenantMigratingError);
    expect(attempts).toBe(1);
    table.update(tenantId, { status: 'HIBERNATED' });
    await directory.invalidate(tenantId);
    await expect(openWait(longMs).outlast(tenantId, attempt)).rejects.toThrow(TenantWakingError);
  });
});

describe('a lease', () => {
  test('waits for its tenant where that is wanted, until it is granted, given up, or the pool stops', async () => {
    await using databases = await createTenantDatabases(1);
    const { tenantId } = databases.tenant(0);
    await using fixture = await openPool(databases, { limits: { waitForTenantMs: longMs } });
    const change = async (status: 'ACTIVE' | 'MIGRATING') => {
      fixture.table.update(tenantId, { status });
      await fixture.bus.publish(tenantId);
    };
    const ask = async (signal?: AbortSignal) => await fixture.pool.lease(tenantId, { operation: 'test', ...(signal && { signal }) });

    await change('MIGRATING');
    const granted = ask();
    await eventually(() => fixture.table.reads === 1);
    await change('ACTIVE');
    await (await granted)[Symbol.asyncDispose]();

    await change('MIGRATING');
    await expect(ask(AbortSignal.timeout(20))).rejects.toThrow(/timeout/);
    const refused = ask().catch((error: unknown) => error);
    await fixture.pool[Symbol.asyncDispose]();
    expect(await refused).toBeInstanceOf(TenantMigratingError);
  });
});
