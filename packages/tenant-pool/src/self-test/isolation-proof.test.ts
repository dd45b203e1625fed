import type { SqlDriverAdapter } from '@prisma/driver-adapter-utils';
import { silentLogger } from '@tenantry/service';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { TenantPlacement } from '../directory/placement.ts';
import { IsolationError } from '../errors.ts';
import { createTenantClients, type TenantClients } from '../handles/tenant-clients.ts';
import { eventually } from '../testing/eventually.ts';
import { batchingClients, sameClientForAll } from '../testing/leaking-clients.ts';
import { openTenantAdapter } from '../testing/tenant-adapters.ts';
import { createTenantDatabases, type TenantDatabases } from '../testing/tenant-databases.ts';
import { assertIsolationBetween, type ServedTenant } from './assert-isolation-between.ts';
import { IsolationProof, type IsolationProofOptions } from './isolation-proof.ts';
import { recordingAdapter } from './recording-adapter.ts';

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

  test('fails where that other place has a database of the same name', async () => {
    const misled = { ...second, adapter: first.adapter, database: first.database };
    await expect(assertIsolationBetween(ours(), [first, misled])).rejects.toMatchObject({ cause: { message: /^One database answers/ } });
  });

  test('is inconclusive where a database does not answer', async () => {
    expect(await assertIsolationBetween(ours(), [first, unreachable])).toMatchObject({ conclusive: false, failed: unreachable });
  });
});

function proofOver(clients: TenantClients, options: Pick<IsolationProofOptions, 'deadlineMs'> = {}) {
  const refuted: IsolationError[] = [];
  const onRefuted = (error: IsolationError) => void refuted.push(error);
  return { refuted, proof: new IsolationProof({ clients, logger: silentLogger, onRefuted, ...options }) };
}

/** A tenant whose database is silent until it may answer. */
function delayed(tenant: ServedTenant) {
  const { promise, resolve: answer } = Promise.withResolvers<void>();
  const queryRaw: SqlDriverAdapter['queryRaw'] = async (query) => {
    await promise;
    return await tenant.adapter.queryRaw(query);
  };
  return { answer, tenant: { ...tenant, adapter: { ...recordingAdapter(tenant.adapter, () => {}), queryRaw } } };
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
    const { proof } = proofOver(ours(), { deadlineMs: 200 });
    await proof.admit(delayed(first).tenant);
    await proof.admit(second);
    expect(proof.phase).toBe('open');
    // On a slow machine even a proof that goes well may come too late, and is due again.
    await eventually(async () => {
      for (const tenant of [first, second]) await proof.admit(tenant);
      return proof.phase === 'proven';
    });
  });

  test('fails even when a leak shows after nobody waits for it any more', async () => {
    const { proof, refuted } = proofOver(untilFinished(batchingClients()), { deadlineMs: 50 });
    const { tenant, answer } = delayed(first);
    await proof.admit(tenant);
    await proof.admit(second);
    expect(proof.phase).toBe('open');
    answer();
    await eventually(() => refuted.length === 1);
    expect(() => proof.assertNotRefuted()).toThrow(IsolationError);
    await expect(proof.admit(second)).rejects.toThrow(IsolationError);
  });

  test('holds the first tenant open for as long as something is under way there', async () => {
    const { proof } = proofOver(ours(), { deadlineMs: 50 });
    const { tenant, answer } = delayed(first);
    let held = 0;
    const hold = () => {
      held += 1;
      return { [Symbol.asyncDispose]: async () => void (held -= 1) };
    };
    await proof.admit({ ...tenant, hold });
    await proof.admit(second);
    expect(held).toBe(1);
    answer();
    await eventually(() => held === 0);
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
