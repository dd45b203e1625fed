import type { TenantStatus } from '@tenantry/prisma/control';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import type { Tenant } from '../tenant.ts';
import { openInstallation, operator, uniqueName, type Installation } from '../testing/installation.ts';

let installation: Installation;
let tenant: Tenant;

beforeAll(async () => void (installation = await openInstallation({ serverUrl: inject('postgresUrl') })));
afterAll(async () => await installation?.[Symbol.asyncDispose]());
beforeEach(async () => {
  tenant = await installation.control.provisionTenant({ slug: uniqueName('t').replace('_', '-'), name: 'Acme' }, { actor: operator });
  installation.published.length = 0;
});

const setStatus = async (status: TenantStatus) =>
  await installation.query(
    `UPDATE tenants SET status = $2::"TenantStatus", failed_step = CASE $2 WHEN 'FAILED' THEN 'drain' END WHERE id = $1`,
    [tenant.id, status],
  );
const row = async () =>
  (
    await installation.query<{ status: string; status_before: string | null; grace: number | null }>(
      `SELECT status, status_before, extract(epoch FROM purge_after - deleted_at)::int / 86400 AS grace FROM tenants WHERE id = $1`,
      [tenant.id],
    )
  )[0];
const lastAudit = async () =>
  (
    await installation.query('SELECT action, outcome, detail FROM audit_log WHERE tenant_id = $1 ORDER BY at DESC, id DESC LIMIT 1', [
      tenant.id,
    ])
  )[0];
const begin = async (kind: string) =>
  await installation.query(
    `INSERT INTO sagas (id, kind, tenant_id, input, issuer, subject, request_id, leased_until)
     VALUES (gen_random_uuid(), $2::"SagaKind", $1, '{}', 'test', 'test', 'test', now() + interval '1 hour')`,
    [tenant.id, kind],
  );
const failStep = async () =>
  await installation.query(
    `INSERT INTO saga_steps (saga_id, position, name, state, error)
     SELECT id, 2, 'close', 'FAILED', 'no way' FROM sagas WHERE tenant_id = $1 AND kind = 'HIBERNATE'`,
    [tenant.id],
  );

test('a tenant that is deleted can be restored for 30 days; everybody is told and it is on record', async () => {
  const { control } = installation;
  const deleted = await control.deleteTenant(tenant.id, operator);
  expect(deleted).toEqual({ ...tenant, status: 'DELETING', purgeAfter: expect.any(Date) });
  expect(await row()).toEqual({ status: 'DELETING', status_before: 'ACTIVE', grace: 30 });
  expect(await lastAudit()).toEqual({ action: 'tenant.delete', outcome: 'ALLOWED', detail: { from: 'ACTIVE', graceDays: 30 } });
  expect(await control.restoreTenant(tenant.id, operator)).toEqual(tenant);
  expect(await row()).toEqual({ status: 'ACTIVE', status_before: null, grace: null });
  expect(await lastAudit()).toEqual({ action: 'tenant.restore', outcome: 'ALLOWED', detail: { to: 'ACTIVE' } });
  expect(installation.published).toEqual([tenant.id, tenant.id]);
});

test.each([0, 1, 365])('the grace may be %d days', async (graceDays) => {
  await installation.control.deleteTenant(tenant.id, operator, { graceDays });
  expect(await row()).toMatchObject({ grace: graceDays });
});

test.each([-1, 0.5, 3651, Number.NaN])('the grace may not be %d days', async (graceDays) => {
  await expect(installation.control.deleteTenant(tenant.id, operator, { graceDays })).rejects.toMatchObject({
    code: 'BAD_USER_INPUT',
    message: expect.stringContaining('`graceDays` must be a whole number of days from 0 to 3650'),
  });
  expect(await row()).toMatchObject({ status: 'ACTIVE' });
});

test.each<TenantStatus>(['ACTIVE', 'SUSPENDED', 'HIBERNATED', 'FAILED'])(
  'what was %s before is that again when it is restored',
  async (status) => {
    await setStatus(status);
    await installation.control.deleteTenant(tenant.id, operator);
    expect(await installation.control.restoreTenant(tenant.id, operator)).toEqual({ ...tenant, status });
  },
);

test('to delete it again changes nothing and tells everybody again; the same with restoring', async () => {
  const { control, published } = installation;
  const deleted = await control.deleteTenant(tenant.id, operator, { graceDays: 7 });
  expect(await control.deleteTenant(tenant.id, operator, { graceDays: 0 })).toEqual(deleted);
  expect(await control.restoreTenant(tenant.id, operator)).toEqual(tenant);
  expect(await control.restoreTenant(tenant.id, operator)).toEqual(tenant);
  expect(published).toHaveLength(4);
  const audited = await installation.query('SELECT action FROM audit_log WHERE tenant_id = $1 ORDER BY at, id OFFSET 1', [tenant.id]);
  expect(audited).toEqual([{ action: 'tenant.delete' }, { action: 'tenant.restore' }]);
});

describe.each<TenantStatus>(['PROVISIONING', 'WAKING', 'MIGRATING', 'DELETED'])('a tenant that is %s', (status) => {
  beforeEach(async () => void (await setStatus(status)));

  test('is neither deleted nor restored, and the refusal is on record', async () => {
    const refusal = { name: 'IllegalTransitionError', code: 'CONFLICT' };
    await expect(installation.control.deleteTenant(tenant.id, operator)).rejects.toMatchObject(refusal);
    expect(await lastAudit()).toMatchObject({ action: 'tenant.delete', outcome: 'DENIED', detail: { status } });
    await expect(installation.control.restoreTenant(tenant.id, operator)).rejects.toMatchObject(refusal);
    expect(await lastAudit()).toMatchObject({ action: 'tenant.restore', outcome: 'DENIED', detail: { status } });
    expect(await row()).toMatchObject({ status });
  });
});

describe('while another change of several steps is under way', () => {
  test('a tenant is not deleted', async () => {
    await begin('ROTATE');
    await expect(installation.control.deleteTenant(tenant.id, operator)).rejects.toMatchObject({
      name: 'TenantInTransitionError',
      code: 'CONFLICT',
      retryAfterMs: 2000,
    });
    expect(await row()).toMatchObject({ status: 'ACTIVE' });
  });

  test('one that is FAILED for it is deleted, and the change given up', async () => {
    await setStatus('FAILED');
    await begin('HIBERNATE');
    await failStep();
    await installation.control.deleteTenant(tenant.id, operator);
    expect(await installation.query(`SELECT state, fence FROM sagas WHERE tenant_id = $1 AND kind = 'HIBERNATE'`, [tenant.id])).toEqual([
      { state: 'FAILED', fence: 1 },
    ]);
    expect(await installation.control.restoreTenant(tenant.id, operator)).toMatchObject({ status: 'FAILED' });
    expect(await installation.query('SELECT failed_step FROM tenants WHERE id = $1', [tenant.id])).toEqual([{ failed_step: 'close' }]);
  });

  test('a tenant that is being purged is not restored any more', async () => {
    await installation.control.deleteTenant(tenant.id, operator);
    await begin('PURGE');
    await expect(installation.control.restoreTenant(tenant.id, operator)).rejects.toMatchObject({ name: 'TenantInTransitionError' });
    expect(await row()).toMatchObject({ status: 'DELETING' });
  });
});
