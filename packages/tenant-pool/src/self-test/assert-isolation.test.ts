import { describe, expect, onTestFinished, test } from 'vitest';
import { createTenantClients, type TenantClients } from '../handles/tenant-clients.ts';
import { batchingClients, sameClientForAll } from '../testing/leaking-clients.ts';
import { assertIsolation } from './assert-isolation.ts';

function untilFinished(clients: TenantClients): TenantClients {
  onTestFinished(async () => await clients[Symbol.asyncDispose]());
  return clients;
}

describe('the self-test over made-up tenants', () => {
  test.each(['shared-client', 'client-per-tenant'] as const)('passes over a %s', async (strategy) => {
    const clients = untilFinished(createTenantClients({ strategy, transactionWaitMs: 1000 }));
    await expect(assertIsolation(clients)).resolves.toBeUndefined();
  });

  test('fails where unique lookups are sent as they are, as Prisma then batches those of both tenants', async () => {
    await expect(assertIsolation(untilFinished(batchingClients()))).rejects.toThrow(/\([1-9]\d* statements went astray\)/);
  });

  test('fails where every tenant is given the same client', async () => {
    const clients = sameClientForAll(untilFinished(createTenantClients({ transactionWaitMs: 1000 })));
    await expect(assertIsolation(clients)).rejects.toThrow(/not kept apart/);
  });

  test('fails where operations fail, as nothing is proven then', async () => {
    const clients = untilFinished(createTenantClients({ transactionWaitMs: 1000 }));
    const broken: TenantClients = {
      open: (adapter) => clients.open({ ...adapter, queryRaw: async () => await Promise.reject(new Error('broken')) }),
      [Symbol.asyncDispose]: async () => {},
    };
    await expect(assertIsolation(broken)).rejects.toThrow(/cannot be told/);
  });
});
