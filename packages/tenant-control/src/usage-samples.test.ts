import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { openInstallation, operator, uniqueName, type Installation } from './testing/installation.ts';

const server = inject('postgresUrl');
let installation: Installation;
beforeAll(async () => {
  installation = await openInstallation({ serverUrl: server, clusters: [{ name: 'standard', adminUrl: server, shelf: 0 }] });
});
afterAll(async () => await installation?.[Symbol.asyncDispose]());

async function provision(): Promise<string> {
  const slug = uniqueName('t').replace('_', '-');
  return (await installation.control.provisionTenant({ slug, name: 'Acme' }, { actor: operator })).id;
}

const list = async (...ids: string[]) => await installation.catalog.listUsageSamples(ids, { limit: 1000 });

test('tenants that are in use are sampled, suspended ones too, and those that sleep are not', async () => {
  const [active, suspended, asleep] = [await provision(), await provision(), await provision()];
  await installation.control.suspendTenant(suspended, operator);
  await installation.control.hibernateTenant(asleep, operator);
  expect(await installation.control.sampleUsage()).toEqual({ sampled: 2, failed: 0 });
  const samples = await list(active, suspended, asleep, randomUUID(), 'nonsense');
  expect(samples.map(({ tenantId }) => tenantId).toSorted()).toEqual([active, suspended].toSorted());
  const [usage] = await installation.control.measureUsage([active]);
  expect(samples.find(({ tenantId }) => tenantId === active)?.databaseBytes).toBe(usage && 'databaseBytes' in usage && usage.databaseBytes);
});

test('samples are kept by the hour for a week, by the day for 400 days, and not beyond', async () => {
  const id = await provision();
  const insert = async (sql: string) => await installation.query(`INSERT INTO usage_samples (tenant_id, at, database_bytes) ${sql}`, [id]);
  await insert(`SELECT $1, date_trunc('day', now(), 'UTC') - hours * interval '1 hour', 1 FROM generate_series(1, 24 * 9) AS hours`);
  await insert(`SELECT $1, now() - days * interval '1 day', 2 FROM generate_series(390, 410, 10) AS days`);
  await installation.control.thinUsageSamples();
  const samples = await list(id);
  // Of each of the two oldest days the first, of the last seven all.
  expect(samples.filter(({ databaseBytes }) => databaseBytes === 1)).toHaveLength(2 + 24 * 7);
  expect(samples[1]?.at.toISOString()).toMatch(/T00:00:00\.000Z$/);
  expect(samples.filter(({ databaseBytes }) => databaseBytes === 2)).toHaveLength(1);
  expect(await installation.control.thinUsageSamples()).toBe(0);
});
