import { randomUUID } from 'node:crypto';
import type { TenantStatus } from '@tenantry/prisma/control';
import { silentLogger, TenantryError } from '@tenantry/service';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { ClusterMissingError } from '../errors.ts';
import { createTenantControl } from '../tenant-control.ts';
import type { Tenant } from '../tenant.ts';
import { openInstallation, operator, uniqueName, type Installation } from '../testing/installation.ts';

let installation: Installation;
let tenant: Tenant;

beforeAll(async () => {
  installation = await openInstallation({ serverUrl: inject('postgresUrl') });
  tenant = await installation.control.provisionTenant({ slug: uniqueName('t').replace('_', '-'), name: 'Acme' }, { actor: operator });
});
afterAll(async () => await installation[Symbol.asyncDispose]());
beforeEach(async () => {
  await setStatus('ACTIVE');
  installation.published.length = 0;
});

const setStatus = async (status: TenantStatus) =>
  await installation.query('UPDATE tenants SET status = $2::"TenantStatus", failed_step = CASE $2 WHEN $3 THEN $3 END WHERE id = $1', [
    tenant.id,
    status,
    'FAILED',
  ]);
const statusNow = async () => (await installation.catalog.findPlacement(tenant.id))?.status;
const lastAudit = async () =>
  (
    await installation.query(
      'SELECT action, subject, request_id, tenant_id, outcome, detail FROM audit_log ORDER BY at DESC, id DESC LIMIT 1',
    )
  )[0];

test('a tenant is suspended and resumed; everybody is told and it is on record', async () => {
  const { control } = installation;
  expect(await control.suspendTenant(tenant.id, operator)).toEqual({ ...tenant, status: 'SUSPENDED' });
  expect(await statusNow()).toBe('SUSPENDED');
  const record = { subject: operator.subject, request_id: operator.requestId, tenant_id: tenant.id, outcome: 'ALLOWED' };
  expect(await lastAudit()).toEqual({ ...record, action: 'tenant.suspend', detail: { from: 'ACTIVE' } });
  expect(await control.resumeTenant(tenant.id, operator)).toEqual(tenant);
  expect(await statusNow()).toBe('ACTIVE');
  expect(await lastAudit()).toEqual({ ...record, action: 'tenant.resume', detail: { from: 'SUSPENDED' } });
  expect(installation.published).toEqual([tenant.id, tenant.id]);
});

test('to suspend a suspended tenant changes nothing and tells everybody again', async () => {
  await setStatus('SUSPENDED');
  const before = await lastAudit();
  expect(await installation.control.suspendTenant(tenant.id, operator)).toMatchObject({ status: 'SUSPENDED' });
  expect(installation.published).toEqual([tenant.id]);
  expect(await lastAudit()).toEqual(before);
});

test('a suspension that another one overtakes is done too, once', async () => {
  const actor = { ...operator, requestId: uniqueName('request') };
  const suspensions = Array.from({ length: 8 }, async () => await installation.control.suspendTenant(tenant.id, actor));
  expect((await Promise.all(suspensions)).map(({ status }) => status)).toEqual(suspensions.map(() => 'SUSPENDED'));
  const records = await installation.query('SELECT action, outcome FROM audit_log WHERE request_id = $1', [actor.requestId]);
  expect(records).toEqual([{ action: 'tenant.suspend', outcome: 'ALLOWED' }]);
});

test('changes at the same time come one after the other', async () => {
  const { control } = installation;
  const actor = { ...operator, requestId: uniqueName('request') };
  await Promise.allSettled(
    Array.from({ length: 12 }, async (_, index) =>
      index % 2 === 0 ? await control.suspendTenant(tenant.id, actor) : await control.resumeTenant(tenant.id, actor),
    ),
  );
  const changes = await installation.query<{ action: string }>(
    `SELECT action FROM audit_log WHERE outcome = 'ALLOWED' AND request_id = $1`,
    [actor.requestId],
  );
  const suspensions = changes.filter(({ action }) => action === 'tenant.suspend').length;
  expect(suspensions).toBeGreaterThan(0);
  expect(suspensions - (changes.length - suspensions)).toBe((await statusNow()) === 'SUSPENDED' ? 1 : 0);
});

describe.each<{ act: 'suspendTenant' | 'resumeTenant'; statuses: TenantStatus[] }>([
  { act: 'suspendTenant', statuses: ['PROVISIONING', 'HIBERNATED', 'WAKING', 'MIGRATING', 'DELETING', 'DELETED', 'FAILED'] },
  { act: 'resumeTenant', statuses: ['PROVISIONING', 'HIBERNATED', 'WAKING', 'MIGRATING', 'DELETING', 'DELETED', 'FAILED'] },
])('$act', ({ act, statuses }) => {
  test.each(statuses)('is refused for a tenant that is %s, and the refusal is on record', async (status) => {
    await setStatus(status);
    await expect(installation.control[act](tenant.id, operator)).rejects.toMatchObject({ code: 'CONFLICT' });
    expect(await statusNow()).toBe(status);
    expect(await lastAudit()).toMatchObject({ outcome: 'DENIED', tenant_id: tenant.id, detail: { status } });
    expect(installation.published).toEqual([]);
  });

  test.each([randomUUID(), 'acme', ''])('of %j, which is no tenant, is an error that says so', async (id) => {
    await expect(installation.control[act](id, operator)).rejects.toMatchObject({ code: 'TENANT_NOT_FOUND' });
  });
});

test('the usage of a tenant on a cluster that TENANT_CLUSTERS lost is a fault of the set-up, and says of which cluster', async () => {
  await using lost = await createTenantControl({
    catalog: installation.catalog,
    controlDatabaseUrl: installation.controlDatabaseUrl,
    clusters: [{ name: 'other', adminUrl: inject('postgresUrl') }],
    keyRing: installation.keyRing,
    bus: { publish: async () => {}, subscribe: () => ({ [Symbol.dispose]: () => {} }) },
    logger: silentLogger,
  });
  const [error] = await lost.measureUsage([tenant.id]);
  expect(error).toBeInstanceOf(ClusterMissingError);
  expect(error).not.toBeInstanceOf(TenantryError);
  expect(error).toMatchObject({ message: 'There are tenants on the cluster "standard", which TENANT_CLUSTERS does not name: add it.' });
});

test('the usage of what is no tenant is an error that says so', async () => {
  const noTenant = expect.objectContaining({ code: 'TENANT_NOT_FOUND' });
  const usage = { databaseBytes: expect.any(Number), connections: 0 };
  const ids = [randomUUID(), tenant.id, 'acme', tenant.id.toUpperCase(), '\0'];
  expect(await installation.control.measureUsage(ids)).toEqual([noTenant, usage, noTenant, usage, noTenant]);
});
