import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { PrismaClient } from '@tenantry/prisma/tenant';
import { afterAll, describe, expect, test } from 'vitest';
import type { HandleGrant } from './handles/grant.ts';
import { switchingAdapterFactory } from './handles/switching-adapter.ts';
import { createTenantHandles } from './handles/tenant-handles.ts';
import type { TenantDb } from './lease.ts';
import { assertIsolation } from './self-test.ts';

const handles = createTenantHandles({ transactionWaitMs: 1000 });
afterAll(async () => await handles[Symbol.asyncDispose]());

describe('the self-test at start', () => {
  test('passes over handles, quickly once the client is warm', async () => {
    await assertIsolation(handles.handleFor);
    const start = performance.now();
    await assertIsolation(handles.handleFor);
    expect(performance.now() - start).toBeLessThan(50);
  });

  test('fails over a client whose unique lookups are not mapped, as Prisma then batches those of both tenants', async () => {
    const current = new AsyncLocalStorage<HandleGrant>();
    const shared = new PrismaClient({ adapter: switchingAdapterFactory(() => current.getStore()?.adapter) });
    const unmapped = (grant: HandleGrant): TenantDb => {
      const handle: object = shared.$extends({
        query: { $allOperations: async ({ args, query }) => await current.run(grant, async () => await query(args)) },
      });
      assert(isTenantDb(handle));
      return handle;
    };
    await expect(assertIsolation(unmapped)).rejects.toThrow(/\([1-9]\d* statements went astray\)/);
    await shared.$disconnect();
  });

  test('fails over a handle that gives every grant the same tenant', async () => {
    let only: TenantDb | undefined;
    await expect(assertIsolation((grant) => (only ??= handles.handleFor(grant)))).rejects.toThrow(/not kept apart/);
  });
});

function isTenantDb(client: object): client is TenantDb {
  return '$queryRaw' in client;
}
