import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import type { FaultPoint } from '../../sagas/saga.ts';
import type { Tenant } from '../../tenant.ts';
import { operator, runSql } from '../../testing/installation.ts';
import { newSlug, openBackedUpTenants, type BackedUpTenants } from '../testing/backed-up-tenants.ts';

const server = inject('postgresUrl');
let tenants: BackedUpTenants;
let tenant: Tenant;
/** Set by a test: what happens at a point of a saga, such as `swap run before`. */
let onPoint: Readonly<Record<string, () => Promise<void>>> = {};

beforeAll(async () => {
  tenants = await openBackedUpTenants(server, {
    reachFaultPoint: async ({ step, direction, at }: FaultPoint) => await onPoint[`${step} ${direction} ${at}`]?.(),
  });
});
afterAll(async () => await tenants?.[Symbol.asyncDispose]());
beforeEach(async () => {
  onPoint = {};
  tenant = await tenants.provision();
});

const spoil = async () => await tenants.query(tenant.id, `DELETE FROM team_members; UPDATE users SET name = 'Mallory'`);
const status = async () => (await tenants.installation.catalog.findTenants([tenant.id]))[0]?.status;
const backups = async () => await tenants.installation.catalog.listBackups({ limit: 10, filter: { tenantId: tenant.id } });
const audited = async () =>
  await tenants.installation.query(
    `SELECT action, outcome, detail FROM audit_log WHERE tenant_id = $1 AND action LIKE '%restore%' ORDER BY at, id`,
    [tenant.id],
  );
const databases = async () => {
  const rows = await runSql<{ name: string }>(server, `SELECT datname AS name FROM pg_database WHERE starts_with(datname, $1) ORDER BY 1`, [
    `tenant_${tenant.id.replaceAll('-', '')}`,
  ]);
  return rows.map(({ name }) => name.slice(39));
};
const failAt = (point: string) => {
  onPoint = { [point]: async () => await Promise.reject(new Error('on purpose')) };
};

describe('a backup that is restored in place', () => {
  test('gives back what there was, to the byte, and what it replaced is in another one, with all that was written until the tenant was paused', async () => {
    const { control, published } = tenants.installation;
    const before = await tenants.exported(tenant.id);
    const { id } = await control.backUpTenant(tenant.id, operator);
    await spoil();
    let spoilt = {};
    onPoint = {
      'pause run before': async () => {
        await tenants.query(tenant.id, `UPDATE tenant_settings SET locale = 'fr-CH'`);
        spoilt = await tenants.exported(tenant.id);
      },
    };
    published.length = 0;
    const progress = new Set<string>();
    const restored = await control.restoreBackup(id, operator, { onProgress: ({ table }) => progress.add(table) });
    expect(restored).toEqual(tenant);
    expect(await tenants.exported(tenant.id)).toEqual(before);
    expect(spoilt).not.toEqual(before);
    expect(progress).toContain('public.users');
    expect(published).toEqual([tenant.id, tenant.id]);
    expect(await databases()).toEqual(['']);
    expect(await audited()).toEqual([{ action: 'backup.restore', outcome: 'ALLOWED', detail: { backup: id } }]);
    const [kept] = await backups();
    expect(kept).toMatchObject({ reason: 'RESTORE', state: 'DONE', expiresAt: expect.any(Date) });
    expect((await backups()).map(({ reason }) => reason)).toEqual(['RESTORE', 'RESTORE', 'MANUAL']);

    onPoint = {};
    await control.restoreBackup(kept?.id ?? '', operator);
    expect(await tenants.exported(tenant.id)).toEqual(spoilt);
    // Nothing was written meanwhile: it was backed up once.
    expect((await backups()).map(({ reason }) => reason)).toEqual(['RESTORE', 'RESTORE', 'RESTORE', 'MANUAL']);
  });

  test('is done once for all who ask for it, and another one has to wait', async () => {
    const { control } = tenants.installation;
    const [one, other] = [await control.backUpTenant(tenant.id, operator), await control.backUpTenant(tenant.id, operator)];
    const refused = Promise.withResolvers<unknown>();
    onPoint = {
      'restore run before': async () => {
        await control.restoreBackup(other.id, operator).catch(refused.resolve);
        await expect(control.removeBackup(one.id, operator)).rejects.toMatchObject({ name: 'BackupInUseError', use: 'restored' });
        await expect(control.backUpTenant(tenant.id, operator)).rejects.toMatchObject({ name: 'TenantInTransitionError' });
      },
    };
    await Promise.all([control.restoreBackup(one.id, operator), control.restoreBackup(one.id, operator)]);
    expect(await refused.promise).toMatchObject({ name: 'TenantInTransitionError', retryAfterMs: expect.any(Number) });
    const runs = (await tenants.installation.catalog.findLatestRuns([tenant.id], 10)).filter(({ kind }) => kind === 'RESTORE');
    expect(runs.map(({ state }) => state)).toEqual(['DONE']);
  });

  test('leaves a suspended tenant suspended, with the credentials that it has, also those that were rotated since', async () => {
    const { control, catalog } = tenants.installation;
    const before = await tenants.exported(tenant.id);
    const { id } = await control.backUpTenant(tenant.id, operator);
    await spoil();
    await control.rotateCredentials(tenant.id, operator, { atOnce: true });
    await control.suspendTenant(tenant.id, operator);
    const placement = await catalog.findPlacement(tenant.id);
    expect(await control.restoreBackup(id, operator)).toMatchObject({ status: 'SUSPENDED' });
    expect(await catalog.findPlacement(tenant.id)).toEqual(placement);
    expect(await tenants.exported(tenant.id)).toEqual(before);
  });

  test('makes the database anew of a tenant that has lost it', async () => {
    const { control } = tenants.installation;
    const before = await tenants.exported(tenant.id);
    const { id } = await control.backUpTenant(tenant.id, operator);
    await runSql(server, `DROP DATABASE tenant_${tenant.id.replaceAll('-', '')} WITH (FORCE)`);
    await control.restoreBackup(id, operator);
    expect(await tenants.exported(tenant.id)).toEqual(before);
    expect(await backups()).toHaveLength(1);
  });

  test.each([
    ['hibernates', 'hibernateTenant', 'BackupRefusedError'],
    ['is deleted', 'deleteTenant', 'TenantDeletedError'],
  ] as const)('is refused for a tenant that %s, on record', async (_what, method, reason) => {
    const { control } = tenants.installation;
    const { id } = await control.backUpTenant(tenant.id, operator);
    await control[method](tenant.id, operator);
    await expect(control.restoreBackup(id, operator)).rejects.toMatchObject({ name: reason, code: 'CONFLICT' });
    expect(await audited()).toEqual([{ action: 'backup.restore', outcome: 'DENIED', detail: expect.objectContaining({ reason }) }]);
  });

  test('is refused when it is newer than this version', async () => {
    const { control } = tenants.installation;
    await tenants.query(
      tenant.id,
      `INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at, applied_steps_count) VALUES ('1', '', '29991231000000_later', now(), 1)`,
    );
    const { id } = await control.backUpTenant(tenant.id, operator);
    const refusal = { name: 'RestoreTargetError', message: expect.stringContaining('29991231000000_later, which is unknown here') };
    await expect(control.restoreBackup(id, operator)).rejects.toMatchObject(refusal);
    await expect(control.restoreBackup(id, operator, { into: { slug: newSlug(), name: 'Other' } })).rejects.toMatchObject(refusal);
    expect(await status()).toBe('ACTIVE');
  });

  test('and fails, even after the swap, is undone: the tenant has what it had, and is served', async () => {
    const { control } = tenants.installation;
    const { id } = await control.backUpTenant(tenant.id, operator);
    await spoil();
    const spoilt = await tenants.exported(tenant.id);
    failAt('swap run after');
    await expect(control.restoreBackup(id, operator)).rejects.toMatchObject({ name: 'TenantChangeError', step: 'swap' });
    expect(await status()).toBe('ACTIVE');
    expect(await tenants.exported(tenant.id)).toEqual(spoilt);
    expect(await databases()).toEqual(['']);
    expect((await audited()).at(-1)).toMatchObject({ action: 'backup.restore', outcome: 'FAILED' });
  });

  test('and fails when nothing leads back is tried again until it succeeds', async () => {
    const { control } = tenants.installation;
    const before = await tenants.exported(tenant.id);
    const { id } = await control.backUpTenant(tenant.id, operator);
    await spoil();
    failAt('opening run after');
    await expect(control.restoreBackup(id, operator)).rejects.toMatchObject({ name: 'TenantChangeError', step: 'opening' });
    expect(await status()).toBe('MIGRATING');
    onPoint = {};
    await control.restoreBackup(id, operator);
    expect(await status()).toBe('ACTIVE');
    expect(await tenants.exported(tenant.id)).toEqual(before);
    expect(await databases()).toEqual(['']);
  });
});

describe('a backup that is restored into a new tenant', () => {
  test('gives it all that the other one had, to the byte, and an identity of its own; once for one key', async () => {
    const { control, catalog } = tenants.installation;
    const before = await tenants.exported(tenant.id);
    const [one, two] = [await control.backUpTenant(tenant.id, operator), await control.backUpTenant(tenant.id, operator)];
    await spoil();
    const progress = new Set<string>();
    const into = { slug: newSlug(), name: 'Other', tier: 'PREMIUM' } as const;
    const options = { into, idempotencyKey: newSlug(), onProgress: ({ table }: { table: string }) => progress.add(table) };
    const [other, again] = await Promise.all([
      control.restoreBackup(one.id, operator, options),
      control.restoreBackup(one.id, operator, options),
    ]);
    expect(again).toEqual(other);
    expect(other).toMatchObject({ slug: into.slug, name: 'Other', tier: 'PREMIUM', status: 'ACTIVE', schemaVersion: tenant.schemaVersion });
    expect(await tenants.exported(other.id)).toEqual(before);
    expect(progress).toContain('public.users');
    const [own, placement] = [await catalog.findPlacement(tenant.id), await catalog.findPlacement(other.id)];
    expect([placement?.database, placement?.role]).not.toEqual([own?.database, own?.role]);
    expect(await tenants.query(tenant.id, `SELECT DISTINCT name FROM users`)).toEqual([{ name: 'Mallory' }]);
    await expect(control.restoreBackup(two.id, operator, options)).rejects.toMatchObject({ name: 'IdempotencyKeyReusedError' });
    await expect(control.restoreBackup(one.id, operator, { into })).rejects.toMatchObject({ name: 'SlugTakenError' });
  });

  test('and fails leaves nothing', async () => {
    const { control } = tenants.installation;
    const { id } = await control.backUpTenant(tenant.id, operator);
    const slug = newSlug();
    failAt('restore run before');
    await expect(control.restoreBackup(id, operator, { into: { slug, name: 'Other' } })).rejects.toMatchObject({
      name: 'ProvisioningError',
      step: 'restore',
    });
    expect(await tenants.installation.query('SELECT FROM tenants WHERE slug = $1', [slug])).toEqual([]);
  });
});

test('restores that last keep nobody from what is done soon', async () => {
  const { control } = tenants.installation;
  const { id } = await control.backUpTenant(tenant.id, operator);
  const going = Promise.withResolvers<void>();
  onPoint = { 'restore run before': async () => await going.promise };
  const others = [newSlug(), newSlug(), newSlug()].map((slug) => ({ into: { slug, name: 'Other' } }));
  const restoring = [{}, ...others].map(async (options) => await control.restoreBackup(id, operator, options));
  const sleeper = await tenants.provision();
  await control.hibernateTenant(sleeper.id, operator);
  expect(await control.wakeTenant(sleeper.id, operator)).toMatchObject({ status: 'ACTIVE' });
  going.resolve();
  expect((await Promise.all(restoring)).map((restored) => restored.status)).toEqual(restoring.map(() => 'ACTIVE'));
});
