import { rm, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import type { Tenant } from '../tenant.ts';
import { operator, runSql } from '../testing/installation.ts';
import type { Backup } from './backup.ts';
import { backupKey } from './keys.ts';
import { openBackedUpTenants, type BackedUpTenants } from './testing/backed-up-tenants.ts';
import { whileWriting } from './writers-lock.ts';

const server = inject('postgresUrl');
let tenants: BackedUpTenants;
let tenant: Tenant;
/** Set by a test: what the store does before it writes a file. */
let beforePut: () => Promise<void> = async () => {};

beforeAll(async () => {
  tenants = await openBackedUpTenants(server, {
    storeOf: (store) => ({ ...store, put: async (...file) => (await beforePut(), await store.put(...file)) }),
  });
});
afterAll(async () => await tenants?.[Symbol.asyncDispose]());
beforeEach(async () => {
  beforePut = async () => {};
  tenant = await tenants.provision();
});

const query = async <Row>(sql: string, values: unknown[] = []) => await tenants.installation.query<Row>(sql, values);
const back = async () => await tenants.installation.control.backUpTenant(tenant.id, operator);
const audited = async () =>
  await tenants.installation.query('SELECT action, outcome, detail FROM audit_log WHERE tenant_id = $1 ORDER BY at, id OFFSET 1', [
    tenant.id,
  ]);

describe('a backup', () => {
  test('is in the catalog, in the store and on record', async () => {
    const { catalog } = tenants.installation;
    const progress: string[] = [];
    const backup = await tenants.installation.control.backUpTenant(tenant.id, operator, {
      onProgress: ({ table }) => progress.push(table),
    });
    expect(backup).toEqual({
      id: expect.any(String),
      tenantId: tenant.id,
      format: 'COPY',
      reason: 'MANUAL',
      state: 'DONE',
      store: tenants.store.name,
      key: backupKey(tenant.id, backup.id),
      schemaVersion: tenant.schemaVersion,
      bytes: expect.any(Number),
      checksum: expect.stringMatching(/^[0-9a-f]{64}$/),
      error: null,
      startedAt: expect.any(Date),
      finishedAt: expect.any(Date),
      verifiedAt: null,
      expiresAt: null,
    });
    expect(progress).toContain('public.users');
    expect(await catalog.findBackup(backup.id)).toEqual(backup);
    expect(await catalog.findBackup('none')).toBeNull();
    expect(await tenants.files(tenant.id)).toContainEqual(expect.stringContaining(`${backup.key}/manifest.json`));
    const detail = { backup: backup.id, reason: 'MANUAL', format: 'COPY' };
    expect(await audited()).toEqual([{ action: 'backup.create', outcome: 'ALLOWED', detail }]);
  });

  test('is listed, the newest first, page by page', async () => {
    const { catalog } = tenants.installation;
    const made = [await back(), await back(), await back()].toReversed();
    const filter = { tenantId: tenant.id };
    const first = await catalog.listBackups({ limit: 2, filter });
    expect([...first, ...(await catalog.listBackups({ limit: 2, filter, after: first[1] }))]).toEqual(made);
    expect(await catalog.countBackups(filter)).toBe(3);
    expect(await catalog.listBackups({ limit: 5, filter: { ...filter, state: 'FAILED' } })).toEqual([]);
    await expect(catalog.listBackups({ limit: 2, filter: { tenantId: 'acme' } })).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
  });

  test('may be made while another one is', async () => {
    const made = await Promise.all([back(), back(), back()]);
    expect(made.map(({ state }) => state)).toEqual(['DONE', 'DONE', 'DONE']);
    expect(new Set(made.map(({ key }) => key)).size).toBe(3);
  });

  test('is made of a tenant that is suspended', async () => {
    await tenants.installation.control.suspendTenant(tenant.id, operator);
    expect(await back()).toMatchObject({ state: 'DONE' });
  });

  test.each([
    ['hibernates', 'hibernateTenant', 'BackupRefusedError', 'is HIBERNATED, and cannot be backed up: wake it first'],
    ['is deleted', 'deleteTenant', 'TenantDeletedError', 'is DELETING: restore it first'],
  ] as const)('is refused of a tenant that %s, with what to do', async (_what, method, name, message) => {
    await tenants.installation.control[method](tenant.id, operator);
    await expect(back()).rejects.toMatchObject({ name, code: 'CONFLICT', message: expect.stringContaining(message) });
    expect(await tenants.installation.catalog.countBackups({ tenantId: tenant.id })).toBe(0);
    expect(await audited()).toContainEqual({
      action: 'backup.create',
      outcome: 'DENIED',
      detail: expect.objectContaining({ reason: name }),
    });
  });

  test('is refused of a tenant that is being changed', async () => {
    await tenants.installation.query(
      `INSERT INTO sagas (kind, tenant_id, input, issuer, subject, request_id, id, retry_at) VALUES ('HIBERNATE', $1, '{}', '', '', '', gen_random_uuid(), now() + interval '1 h')`,
      [tenant.id],
    );
    await expect(back()).rejects.toMatchObject({ name: 'TenantInTransitionError', retryAfterMs: expect.any(Number) });
    await tenants.installation.query(`UPDATE sagas SET state = 'DONE' WHERE tenant_id = $1`, [tenant.id]);
  });

  test('that fails is a row that says why, and no file', async () => {
    beforePut = async () => await Promise.reject(new Error('the disk is full'));
    await expect(back()).rejects.toMatchObject({
      name: 'BackupFailedError',
      code: 'TENANT_UNAVAILABLE',
      cause: { message: 'the disk is full' },
    });
    const [failed] = await tenants.installation.catalog.listBackups({ limit: 1, filter: { tenantId: tenant.id } });
    expect(failed).toMatchObject({ state: 'FAILED', error: 'the disk is full', bytes: null, checksum: null, finishedAt: expect.any(Date) });
    expect(await tenants.files(tenant.id)).toEqual([]);
    expect((await audited()).at(-1)).toEqual({ action: 'backup.create', outcome: 'FAILED', detail: { backup: failed?.id } });
  });

  test('that is aborted throws the reason, and leaves no file', async () => {
    const abort = new AbortController();
    const reason = new Error('not now');
    beforePut = async () => abort.abort(reason);
    await expect(tenants.installation.control.backUpTenant(tenant.id, operator, { signal: abort.signal })).rejects.toBe(reason);
    expect(await tenants.files(tenant.id)).toEqual([]);
  });

  test('is refused in another format than there is, and by pg_dump where that is missing or too old, with what to do', async () => {
    const { control } = tenants.installation;
    // @ts-expect-error what comes over a wire may be anything
    await expect(control.backUpTenant(tenant.id, operator, { format: 'tar' })).rejects.toThrow('`format` must be "copy" or "pg_dump"');
    const byClient = control.backUpTenant(tenant.id, operator, { format: 'pg_dump' });
    await expect(byClient.catch((error: unknown) => error)).resolves.toSatisfy((outcome) => isDoneOrSaysWhatToInstall(outcome));
  });
});

function isDoneOrSaysWhatToInstall(outcome: unknown): boolean {
  if (outcome instanceof Error) return outcome.name === 'BackupFormatError' && outcome.message.includes('install the client of PostgreSQL');
  return typeof outcome === 'object' && outcome !== null && 'format' in outcome && outcome.format === 'PG_DUMP';
}

/** A backup as a process leaves it that dies over it. */
async function running(): Promise<Backup> {
  const backup = await back();
  await query(`UPDATE backups SET state = 'RUNNING', checksum = NULL, bytes = NULL, finished_at = NULL WHERE id = $1`, [backup.id]);
  return backup;
}

describe('a backup whose process has died', () => {
  test('is found, and nothing is left of it', async () => {
    const { id } = await running();
    await tenants.installation.control.removeExpiredBackups({ limit: 10 }, operator);
    expect(await tenants.row(id)).toMatchObject({ state: 'FAILED', error: 'The process that wrote it has died.' });
    expect(await tenants.files(tenant.id)).toEqual([]);
  });

  test('is told from one that is being written', async () => {
    const { id } = await running();
    const { controlDatabaseUrl, control } = tenants.installation;
    await whileWriting(controlDatabaseUrl, id, undefined, async () => {
      await control.removeExpiredBackups({ limit: 10 }, operator);
      await expect(control.removeBackup(id, operator)).rejects.toMatchObject({ name: 'BackupInUseError', use: 'written' });
    });
    expect(await tenants.row(id)).toMatchObject({ state: 'RUNNING' });
    expect(await control.removeBackup(id, operator)).toMatchObject({ state: 'REMOVED' });
  });

  test('gives up when it was taken for dead, and is not', async () => {
    const { controlDatabaseUrl } = tenants.installation;
    let isFirst = true;
    beforePut = async () => {
      if (!isFirst) return;
      isFirst = false;
      const database = new URL(controlDatabaseUrl).pathname.slice(1);
      const holders = `FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE locktype = 'advisory' AND pg_locks.granted AND datname = '${database}'`;
      await runSql(server, `SELECT pg_terminate_backend(pid, 5000) ${holders}`);
    };
    await expect(back()).rejects.toMatchObject({ name: 'BackupFailedError' });
    expect(await tenants.files(tenant.id)).toEqual([]);
    expect(await query('SELECT state FROM backups WHERE tenant_id = $1', [tenant.id])).toEqual([{ state: 'FAILED' }]);
  });
});

describe('a backup is verified', () => {
  test('by a test restore, of which nothing is left', async () => {
    const { id } = await back();
    const verified = await tenants.installation.control.verifyBackup(id, operator);
    expect(verified).toMatchObject({ state: 'DONE', verifiedAt: expect.any(Date) });
    expect((await audited()).at(-1)).toEqual({ action: 'backup.verify', outcome: 'ALLOWED', detail: { backup: id } });
  });

  test('and counts for none when it is damaged', async () => {
    const { control } = tenants.installation;
    const backup = await back();
    const table = (await tenants.files(tenant.id)).find((file) => file.endsWith('.zst'));
    await truncate(table ?? '', 5);
    await expect(control.verifyBackup(backup.id, operator)).rejects.toMatchObject({ name: 'BackupDamagedError' });
    expect(await tenants.row(backup.id)).toMatchObject({ state: 'FAILED', error: expect.stringContaining('was changed or cut off') });
    expect((await audited()).at(-1)).toEqual({ action: 'backup.verify', outcome: 'FAILED', detail: { backup: backup.id } });
    await expect(control.verifyBackup(backup.id, operator)).rejects.toMatchObject({ name: 'BackupNotWholeError' });
    await expect(control.restoreBackup(backup.id, operator)).rejects.toMatchObject({ name: 'BackupNotWholeError' });
  });

  test('if there is one', async () => {
    const { control } = tenants.installation;
    for (const act of ['verifyBackup', 'removeBackup', 'restoreBackup'] as const) {
      await expect(control[act]('none', operator)).rejects.toMatchObject({ name: 'NoSuchBackupError', code: 'NOT_FOUND' });
    }
  });
});

describe('a backup is removed', () => {
  test('with its files, and stays known as one that was', async () => {
    const { control } = tenants.installation;
    const { id } = await back();
    expect(await control.removeBackup(id, operator)).toMatchObject({ state: 'REMOVED', error: null });
    expect(await tenants.files(tenant.id)).toEqual([]);
    expect(await control.removeBackup(id, operator)).toMatchObject({ state: 'REMOVED' });
    expect((await audited()).slice(1)).toEqual([{ action: 'backup.remove', outcome: 'ALLOWED', detail: { backup: id } }]);
  });

  test('in the end, though its process has died over that', async () => {
    const { control } = tenants.installation;
    const { id } = await back();
    await query(`UPDATE backups SET state = 'FAILED', error = 'Its removal was begun.', expires_at = now() WHERE id = $1`, [id]);
    expect(await control.removeExpiredBackups({ limit: 10 }, operator)).toEqual([id]);
    expect(await tenants.files(tenant.id)).toEqual([]);
  });
});

test('a backup whose store has another name by now is found there by its checksum, or it is said where it was', async () => {
  const { control } = tenants.installation;
  const { id } = await back();
  await query(`UPDATE backups SET store = 'file:///elsewhere' WHERE id = $1`, [id]);
  expect(await control.verifyBackup(id, operator)).toMatchObject({ state: 'DONE' });
  const manifest = (await tenants.files(tenant.id)).find((file) => file.endsWith('manifest.json'));
  await rm(manifest ?? '');
  const message = expect.stringMatching(/was written to file:\/\/\/elsewhere, and is not in file:.*, which BACKUP_STORE names/);
  for (const act of ['verifyBackup', 'restoreBackup', 'removeBackup'] as const) {
    await expect(control[act](id, operator)).rejects.toMatchObject({ name: 'BackupElsewhereError', code: 'CONFLICT', message });
  }
  expect(await tenants.row(id)).toMatchObject({ state: 'DONE' });
});

const purge = async () => {
  const { control } = tenants.installation;
  await control.deleteTenant(tenant.id, operator, { graceDays: 0 });
  return await control.purgeTenant(tenant.id, operator);
};
const sendAway = async (id: string) => await query(`UPDATE backups SET store = 'file:///elsewhere' WHERE id = $1`, [id]);

describe('a tenant is purged that has backups in a store that had another name', () => {
  test('where they never were whole: nothing is there of them', async () => {
    beforePut = async () => await Promise.reject(new Error('the disk is full'));
    await expect(back()).rejects.toThrow('failed, and nothing is left');
    const [failed] = await tenants.installation.catalog.listBackups({ limit: 1, filter: { tenantId: tenant.id } });
    await sendAway(failed?.id ?? '');
    expect(await purge()).toMatchObject({ status: 'DELETED' });
  });

  test('when that store was named for those, and this one for the rest, in any order', async () => {
    const [away, here, alsoAway] = [await back(), await back(), await back()];
    await rm(join(tenants.folder, away.key), { recursive: true });
    await rm(join(tenants.folder, alsoAway.key), { recursive: true });
    for (const { id } of [away, alsoAway]) await sendAway(id);
    await expect(purge()).rejects.toMatchObject({ step: 'backups', cause: { name: 'BackupElsewhereError' } });
    expect(await tenants.row(here.id)).toMatchObject({ state: 'REMOVED' });
    expect(await tenants.row(away.id)).toMatchObject({ state: 'DONE' });
    await query(`UPDATE backups SET store = $2 WHERE tenant_id = $1`, [tenant.id, tenants.store.name]);
    expect(await purge()).toMatchObject({ status: 'DELETED' });
  });
});
