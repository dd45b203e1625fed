import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import type { Tenant } from '../tenant.ts';
import { operator } from '../testing/installation.ts';
import { openBackedUpTenants, type BackedUpTenants } from './testing/backed-up-tenants.ts';

const server = inject('postgresUrl');
const backupPolicy = { STANDARD: { everyHours: 24, keepDays: 14 }, PREMIUM: { everyHours: null, keepDays: 35 } };
let tenants: BackedUpTenants;
let tenant: Tenant;

beforeAll(async () => {
  tenants = await openBackedUpTenants(server, { backupPolicy });
  tenant = await tenants.provision();
});
afterAll(async () => await tenants?.[Symbol.asyncDispose]());
beforeEach(async () => {
  await tenants.installation.query('UPDATE tenants SET created_at = now()');
  await tenants.installation.query('UPDATE backups SET started_at = now() WHERE tenant_id <> $1', [tenant.id]);
  await tenants.installation.query('DELETE FROM backups WHERE tenant_id = $1', [tenant.id]);
});

const query = async <Row>(sql: string, values: unknown[] = []) => await tenants.installation.query<Row>(sql, values);
const ageTenant = async (hours: number, id = tenant.id) =>
  await tenants.installation.query('UPDATE tenants SET created_at = now() - make_interval(hours => $2) WHERE id = $1', [id, hours]);
const age = async (id: string, hours: number) =>
  await tenants.installation.query(
    'UPDATE backups SET started_at = started_at - make_interval(hours => $2), expires_at = expires_at - make_interval(hours => $2) WHERE id = $1',
    [id, hours],
  );
const due = async () => await tenants.installation.control.backUpDue({ limit: 10 }, operator);
const removeExpired = async () => await tenants.installation.control.removeExpiredBackups({ limit: 10 }, operator);
const days = 24;

describe('a tenant is due to be backed up', () => {
  test('when its last good backup is too old, or it never had one for so long', async () => {
    expect(await due()).toEqual([]);
    await ageTenant(25);
    const [first = '', ...others] = await due();
    expect(others).toEqual([]);
    expect(await tenants.row(first)).toMatchObject({ tenant_id: tenant.id, reason: 'SCHEDULED', state: 'DONE', format: 'COPY' });
    expect(await due()).toEqual([]);
    await age(first, 25);
    expect(await due()).toEqual([expect.any(String)]);
  });

  test('once, however many look at the same time', async () => {
    await ageTenant(25);
    expect((await Promise.all([due(), due(), due()])).flat()).toHaveLength(1);
  });

  test('not while it is backed up, nor soon after that has failed', async () => {
    const { control } = tenants.installation;
    const { id } = await control.backUpTenant(tenant.id, operator);
    await ageTenant(100);
    await query(`UPDATE backups SET state = 'FAILED' WHERE id = $1`, [id]);
    expect(await due()).toEqual([]);
    await age(id, 2);
    expect(await due()).toHaveLength(1);
  });

  test('not when its tier is not', async () => {
    const { control } = tenants.installation;
    await ageTenant(1000);
    await control.changeTier(tenant.id, 'PREMIUM', operator);
    expect(await due()).toEqual([]);
    await control.changeTier(tenant.id, 'STANDARD', operator);
    expect(await due()).toHaveLength(1);
  });

  test('the sooner the longer it has waited', async () => {
    const other = await tenants.provision();
    await ageTenant(25);
    await ageTenant(26, other.id);
    expect(await tenants.installation.control.findBackupsDue(1)).toEqual([other.id]);
    expect(await tenants.installation.control.findBackupsDue(5)).toEqual([other.id, tenant.id]);
  });
});

describe('a backup whose time is over', () => {
  test('is removed, but for the last good one', async () => {
    await ageTenant(25);
    const [first = ''] = await due();
    await age(first, 15 * days);
    expect(await removeExpired()).toEqual([]);
    const [second = ''] = await due();
    expect(await removeExpired()).toEqual([first]);
    expect(await tenants.row(first)).toMatchObject({ state: 'REMOVED' });
    expect(await tenants.row(second)).toMatchObject({ state: 'DONE' });
    expect((await tenants.files(tenant.id)).some((path) => path.includes(first))).toBe(false);
  });

  test('stays while a good one is all that there is, though a newer one is damaged', async () => {
    await ageTenant(25);
    const [first = ''] = await due();
    await age(first, 15 * days);
    const { id } = await tenants.installation.control.backUpTenant(tenant.id, operator);
    await tenants.installation.query(`UPDATE backups SET state = 'FAILED' WHERE id = $1`, [id]);
    expect(await removeExpired()).toEqual([]);
  });

  test('is never one that somebody has made by hand', async () => {
    const { control } = tenants.installation;
    const { id } = await control.backUpTenant(tenant.id, operator);
    await control.backUpTenant(tenant.id, operator);
    await age(id, 1000 * days);
    expect(await removeExpired()).toEqual([]);
  });
});

describe('a tenant that hibernates and has but a backup', () => {
  test('wakes from it with all that it had; nobody removes it before', async () => {
    const { control } = tenants.installation;
    const sleeper = await tenants.provision();
    const before = await tenants.exported(sleeper.id);
    await control.hibernateTenant(sleeper.id, operator, { keep: 'dropped' });
    const [backup] = await tenants.installation.catalog.listBackups({ limit: 5, filter: { tenantId: sleeper.id } });
    const { id = '' } = backup ?? {};
    expect(backup).toMatchObject({ reason: 'HIBERNATION', state: 'DONE', verifiedAt: expect.any(Date), expiresAt: expect.any(Date) });
    await age(id, 15 * days);
    expect(await removeExpired()).toEqual([]);
    await expect(control.removeBackup(id, operator)).rejects.toMatchObject({ name: 'BackupInUseError', use: 'slept on' });
    await control.wakeTenant(sleeper.id, operator);
    expect(await tenants.exported(sleeper.id)).toEqual(before);
    await control.backUpTenant(sleeper.id, operator);
    expect(await removeExpired()).toEqual([id]);
  });

  test('does not wake as it was when it last woke, and leaves no backup when it is purged', async () => {
    const { control, catalog } = tenants.installation;
    const sleeper = await tenants.provision();
    await control.hibernateTenant(sleeper.id, operator, { keep: 'dropped' });
    const [last] = await catalog.listBackups({ limit: 1, filter: { tenantId: sleeper.id } });
    await query(
      `INSERT INTO backups (id, tenant_id, format, reason, state, store, key, schema_version, checksum, started_at)
       SELECT gen_random_uuid(), tenant_id, format, reason, state, store, key, schema_version, checksum, started_at - interval '1 day'
       FROM backups WHERE id = $1`,
      [last?.id],
    );
    await query(`UPDATE backups SET state = 'FAILED' WHERE id = $1`, [last?.id]);
    await expect(control.wakeTenant(sleeper.id, operator)).rejects.toMatchObject({
      step: 'restore',
      cause: { name: 'BackupNotWholeError' },
    });
    expect(await catalog.findTenants([sleeper.id])).toMatchObject([{ status: 'HIBERNATED' }]);

    await control.deleteTenant(sleeper.id, operator, { graceDays: 0 });
    await control.purgeTenant(sleeper.id, operator);
    expect(await tenants.files(sleeper.id)).toEqual([]);
    const states = (await catalog.listBackups({ limit: 5, filter: { tenantId: sleeper.id } })).map(({ state }) => state);
    expect(states).toEqual(['REMOVED', 'REMOVED']);
  });
});
