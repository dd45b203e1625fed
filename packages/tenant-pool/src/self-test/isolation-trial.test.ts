import { expect, onTestFinished, test } from 'vitest';
import { madeUpAdapter } from '../handles/made-up-adapter.ts';
import { createTenantClients } from '../handles/tenant-clients.ts';
import { sameClientForAll } from '../testing/leaking-clients.ts';
import { tryIsolation, type TrialOperation, type TrialTenant } from './isolation-trial.ts';

const nothing = { columnNames: [], columnTypes: [], rows: [] };
const tenants = ['a', 'b'].map((last) => ({ marker: `00000000-0000-4000-8000-00000000000${last}`, adapter: madeUpAdapter(nothing) }));

test.each<[string, TrialOperation<TrialTenant>]>([
  ['by itself', async (db, { marker }) => void (await db.$queryRaw`SELECT ${marker}`)],
  ['in a list', async (db, { marker }) => void (await db.$queryRaw`SELECT ${['first', marker]}`)],
  ['within a text', async (db, { marker }) => void (await db.user.findFirst({ where: { name: { contains: marker } } }))],
])('a statement went astray that has another tenant’s value %s', async (_where, operation) => {
  const clients = createTenantClients({ transactionWaitMs: 1000 });
  onTestFinished(async () => await clients[Symbol.asyncDispose]());
  expect(await tryIsolation(clients, tenants, [operation])).toEqual([]);
  await expect(tryIsolation(sameClientForAll(clients), tenants, [operation])).rejects.toThrow(/\([1-9]\d* statements went astray\)/);
});
