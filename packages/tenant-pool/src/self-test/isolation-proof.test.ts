import { silentLogger } from '@tenantry/service';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { TenantPlacement } from '../directory/placement.ts';
import { IsolationError } from '../errors.ts';
import { createTenantClients, type TenantClients } from '../handles/tenant-clients.ts';
import { batchingClients, sameClientForAll } from '../testing/leaking-clients.ts';
import { openTenantAdapter } from '../testing/tenant-adapters.ts';
import { createTenantDatabases, type TenantDatabases } from '../testing/tenant-databases.ts';
import { assertIsolationBetween, type ServedTenant } from './assert-isolation-between.ts';
import { IsolationProof } from './isolation-proof.ts';

let databases: TenantDatabases;
const closing = new AsyncDisposableStack();
let served: ServedTenant[];
let first: ServedTenant;
let second: ServedTenant;
let unreachable: ServedTenant;

async function serve(placement: TenantPlacement): Promise<ServedTenant> {
  const { adapter } = closing.use(await openTenantAdapter(databases, placement));
  return { tenantId: placement.tenantId, adapter, database: placement.database, hold: () => ({ [Symbol.asyncDispose]: async () => {} }) };
}

beforeAll(async () => {
  databases = closing.use(await createTenantDatabases(3));
  [first, second] = [await serve(databases.tenant(0)), await serve(databases.tenant(1))];
  served = [first, second, await serve(databases.tenant(2))];
  unreachable = { ...(await serve({ ...databases.tenant(0), port: 1 })), tenantId: 'unreachable' };
});
afterAll(async () => await closing.disposeAsync());

function untilFinished(clients: TenantClients): TenantClients {
  onTestFinished(async () => await clients[Symbol.asyncDispose]());
  return clients;
}

const ours = () => untilFinished(createTenantClients({ transactionWaitMs: 5000 }));

describe('the self-test over two databases', () => {
  test.each(['shared-client', 'client-per-tenant'] as const)('passes over a %s', async (strategy) => {
    const clients = untilFinished(createTenantClients({ strategy, transactionWaitMs: 5000 }));
    expect(await assertIsolationBetween(clients, [first, second])).toEqual({ conclusive: true });
  });

  test('fails where Prisma batches the lookups of both', async () => {
    await expect(assertIsolationBetween(untilFinished(batchingClients()), [first, second])).rejects.toThrow(
      /[1-9]\d* statements went astray/,
    );
  });

  test('fails where both are given the same client', async () => {
    const leak: unknown = await assertIsolationBetween(sameClientForAll(ours()), [first, second]).catch((error: unknown) => error);
    expect(leak).toBeInstanceOf(IsolationError);
    expect(leak).toMatchObject({ cause: { message: expect.stringContaining(first.database) } });
  });

  test('fails where the connections of a tenant lead elsewhere', async () => {
    const misled = { ...second, adapter: first.adapter };
    await expect(assertIsolationBetween(ours(), [first, misled])).rejects.toThrow(IsolationError);
  });

  test('is inconclusive where a database does not answer', async () => {
    expect(await assertIsolationBetween(ours(), [first, unreachable])).toMatchObject({ conclusive: false, failed: unreachable });
  });
});

function proofOver(clients: TenantClients) {
  const refuted: IsolationError[] = [];
  return { refuted, proof: new IsolationProof({ clients, logger: silentLogger, onRefuted: (error) => void refuted.push(error) }) };
}

describe('the proof that tenants are kept apart', () => {
  test('is due when a second tenant is opened', async () => {
    const { proof } = proofOver(ours());
    await proof.admit(first);
    await proof.admit(first);
    expect(proof.phase).toBe('open');
    await Promise.all([proof.admit(second), proof.admit(first), proof.admit(second)]);
    expect(proof.phase).toBe('proven');
    await proof.admit(unreachable);
    expect(() => proof.assertNotRefuted()).not.toThrow();
  });

  test('waits for two that are open at the same time', async () => {
    const { proof } = proofOver(ours());
    await proof.admit({ ...first, hold: () => null });
    await proof.admit(second);
    expect(proof.phase).toBe('open');
    await proof.admit(first);
    expect(proof.phase).toBe('proven');
  });

  test('waits for two that can be reached', async () => {
    const { proof } = proofOver(ours());
    await proof.admit(unreachable);
    await proof.admit(first);
    expect(proof.phase).toBe('open');
    await proof.admit(unreachable);
    expect(proof.phase).toBe('open');
    await proof.admit(second);
    expect(proof.phase).toBe('proven');
  });

  test('keeps nobody waiting for a database that fell silent', async () => {
    const silent = { ...first, adapter: { ...first.adapter, queryRaw: async () => await new Promise<never>(() => {}) } };
    const proof = new IsolationProof({ clients: ours(), logger: silentLogger, onRefuted: () => {}, deadlineMs: 50 });
    await proof.admit(silent);
    await proof.admit(second);
    expect(proof.phase).toBe('open');
    await proof.admit(first);
    expect(proof.phase).toBe('proven');
  });

  test('refuses every tenant for good once it failed', async () => {
    const { proof, refuted } = proofOver(untilFinished(batchingClients()));
    await proof.admit(first);
    const outcomes = await Promise.allSettled(served.map(async (tenant) => await proof.admit(tenant)));
    expect(outcomes.slice(1)).toMatchObject([1, 2].map(() => ({ status: 'rejected', reason: expect.any(IsolationError) })));
    await expect(proof.admit(first)).rejects.toThrow(/must not serve/);
    expect(() => proof.assertNotRefuted()).toThrow(/must not serve/);
    expect(refuted).toHaveLength(1);
  });

  test('is made at start with the first two tenants that can be opened', async () => {
    const { proof } = proofOver(ours());
    const opened: string[] = [];
    await proof.atStart(['gone', first.tenantId, second.tenantId, 'not needed'], async (tenantId) => {
      opened.push(tenantId);
      const tenant = served.find((candidate) => candidate.tenantId === tenantId);
      if (!tenant) throw new Error('it is gone');
      await proof.admit(tenant);
    });
    expect(opened).toEqual(['gone', first.tenantId, second.tenantId]);
    expect(proof.phase).toBe('proven');
  });

  test('is left for later when there is one tenant at start', async () => {
    const { proof } = proofOver(ours());
    await proof.atStart([first.tenantId], async () => await proof.admit(first));
    expect(proof.phase).toBe('open');
  });

  test('has the start fail that finds a leak', async () => {
    const { proof } = proofOver(untilFinished(batchingClients()));
    const tenants = new Map(served.map((tenant) => [tenant.tenantId, tenant]));
    const start = proof.atStart([...tenants.keys()], async (tenantId) => await proof.admit(tenants.get(tenantId) ?? first));
    await expect(start).rejects.toThrow(IsolationError);
  });
});
