import { randomUUID } from 'node:crypto';
import { silentLogger } from '@tenantry/service';
import { afterAll, afterEach, beforeAll, beforeEach, expect, inject, test } from 'vitest';
import { createTenantControl } from '../../tenant-control.ts';
import type { Tenant } from '../../tenant.ts';
import { openInstallation, operator, uniqueName, type Installation } from '../../testing/installation.ts';

const server = inject('postgresUrl');
let installation: Installation;
let tenant: Tenant;
/** Set by a test: the step of waking that fails. */
let failing: string | null = null;

beforeAll(async () => {
  installation = await openInstallation({
    serverUrl: server,
    reachFaultPoint: async ({ step, saga, direction }) => {
      if (saga === 'WAKE' && direction === 'run' && step === failing) throw new Error('on purpose');
    },
  });
});
afterAll(async () => await installation?.[Symbol.asyncDispose]());
afterEach(() => void (failing = null));
beforeEach(async () => {
  tenant = await installation.control.provisionTenant({ slug: uniqueName('t').replace('_', '-'), name: 'Acme' }, { actor: operator });
  await installation.control.hibernateTenant(tenant.id, operator);
});

const status = async () => (await installation.catalog.findTenants([tenant.id]))[0]?.status;
const wakings = async () => (await installation.catalog.findLatestRuns([tenant.id], 20)).filter(({ kind }) => kind === 'WAKE');

test('whoever asks first has the tenant woken, by whoever looks for work; it is on record', async () => {
  const asked = await Promise.all(Array.from({ length: 10 }, async () => await installation.catalog.requestWake(tenant.id)));
  expect(asked.filter(Boolean)).toHaveLength(1);
  expect(await status()).toBe('WAKING');
  expect(await installation.control.resumeSagas()).toBe(1);
  expect(await status()).toBe('ACTIVE');
  expect(await wakings()).toMatchObject([{ state: 'DONE' }]);
  const records = await installation.query(
    `SELECT issuer, subject, detail FROM audit_log WHERE tenant_id = $1 AND action = 'tenant.wake'`,
    [tenant.id],
  );
  expect(records).toEqual([{ issuer: 'tenantry', subject: 'on demand', detail: { from: 'HIBERNATED' } }]);
});

test('a control process takes it up as soon as it hears of it', async () => {
  const { catalog, controlDatabaseUrl, keyRing, bus } = installation;
  const options = { catalog, controlDatabaseUrl, keyRing, bus, logger: silentLogger };
  await using _first = await createTenantControl({ ...options, clusters: [{ name: 'standard', adminUrl: server }] });
  await using _second = await createTenantControl({ ...options, clusters: [{ name: 'standard', adminUrl: server }] });
  expect(await catalog.requestWake(tenant.id)).toBe(true);
  await bus.publish(tenant.id);
  await expect.poll(status).toBe('ACTIVE');
  // The tenant is served before its waking is recorded as done.
  await expect.poll(wakings).toMatchObject([{ state: 'DONE', steps: expect.arrayContaining([expect.objectContaining({ attempts: 1 })]) }]);
});

test('who calls for a tenant that was asked to wake has it woken at once', async () => {
  await installation.catalog.requestWake(tenant.id);
  expect(await installation.control.wakeTenant(tenant.id, operator)).toMatchObject({ status: 'ACTIVE' });
  expect(await wakings()).toHaveLength(1);
});

test('a waking that failed is not tried again at once by whoever asks for the tenant', async () => {
  failing = 'verification';
  await installation.catalog.requestWake(tenant.id);
  await installation.control.resumeSagas();
  expect(await status()).toBe('HIBERNATED');
  expect(await installation.catalog.requestWake(tenant.id)).toBe(false);
  await installation.query(`UPDATE sagas SET finished_at = finished_at - interval '31 s' WHERE tenant_id = $1`, [tenant.id]);
  expect(await installation.catalog.requestWake(tenant.id)).toBe(true);
});

test('nobody is woken who does not hibernate, or is not there', async () => {
  await installation.control.wakeTenant(tenant.id, operator);
  for (const id of [tenant.id, randomUUID(), 'nonsense', '\0']) expect(await installation.catalog.requestWake(id)).toBe(false);
});
