import { readdir, readFile, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { silentLogger } from '@tenantry/service';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, onTestFinished, test, vi } from 'vitest';
import { openClusterAdmin } from '../../clusters/cluster-admin.ts';
import { BackupDamagedError, BackupFormatError, RestoreTargetError } from '../../errors.ts';
import { dumpDatabase, type StoredBackup } from '../dump-database.ts';
import { differences, fingerprintDatabase } from '../fingerprint.ts';
import { restoreDatabase } from '../restore-database.ts';
import type { BackupStore } from '../stores/backup-store.ts';
import { startClientPostgres, whyNoClientPostgres, type ClientPostgres } from '../testing/client-postgres.ts';
import {
  createMigrations,
  createTestDatabase,
  createTestStore,
  runSql,
  type TestDatabase,
  type TestFolder,
  type TestStore,
} from '../testing/databases.ts';
import { everyTypeMigration, everyTypeRows } from '../testing/every-type.ts';
import { verifyBackup } from '../verify-backup.ts';
import { assertClient, clientVersion, startClient } from './postgres-client.ts';

const missing = await whyNoClientPostgres();
const server = inject('postgresUrl');

describe(`a backup by pg_dump ${missing}`, () => {
  const cleanup = new AsyncDisposableStack();
  let own: ClientPostgres;
  let migrations: TestFolder;
  let source: TestDatabase;
  let kept: TestStore;
  let backup: StoredBackup;

  beforeAll(async () => {
    if (missing !== '') return;
    own = cleanup.use(await startClientPostgres());
    migrations = cleanup.use(await createMigrations({ '20260101000000_init': everyTypeMigration }));
    source = cleanup.use(await createTestDatabase(own.url, migrations.path));
    kept = cleanup.use(await createTestStore());
    await source.query(everyTypeRows);
    // As the administrator gives it to a pooler: the tenant's role may not even look.
    await runSql(
      source.adminUrl,
      `CREATE SCHEMA tenantry; CREATE TABLE tenantry.logins (role text); INSERT INTO tenantry.logins VALUES ('x')`,
    );
    backup = await dumpDatabase({ url: source.url, store: kept.store, key: 'whole', tenantId: 'one', format: 'PG_DUMP' });
  });
  afterAll(async () => await cleanup.disposeAsync());
  beforeEach(({ skip }) => skip(missing !== '', missing));

  const restoreInto = async (target: TestDatabase, key = 'whole') =>
    await restoreDatabase({ url: target.url, store: kept.store, key, migrationFolders: [migrations.path] });

  test('says in its manifest what one by COPY says', async () => {
    const { manifest } = await dumpDatabase({ url: source.url, store: kept.store, key: 'by-copy', tenantId: 'one' });
    expect(differences(backup.manifest, manifest)).toEqual([]);
    expect(backup.manifest).toMatchObject({
      format: 'PG_DUMP',
      clientVersion: await clientVersion('pg_dump'),
      migrations: manifest.migrations,
    });
  });

  test('is restored by the role that is to own it, with all that there was but the administrator’s', async () => {
    await using target = await createTestDatabase(own.url);
    await restoreInto(target);
    expect(differences(await fingerprintDatabase({ url: target.url }), backup.manifest)).toEqual([]);
    expect(await target.query(`SELECT FROM pg_namespace WHERE nspname = 'tenantry'`)).toEqual([]);
    expect(await target.query('SELECT migration_name AS name FROM _prisma_migrations')).toEqual([{ name: '20260101000000_init' }]);
    expect(await target.query('SELECT * FROM loud ORDER BY id')).toEqual(await source.query('SELECT * FROM loud ORDER BY id'));
  });

  test('is restored into an empty database only', async () => {
    await using target = await createTestDatabase(own.url, migrations.path);
    await expect(restoreInto(target)).rejects.toThrow(RestoreTargetError);
  });

  test('is verified by a test restore', async () => {
    await using cluster = openClusterAdmin({ name: 'own', adminUrl: own.url }, silentLogger);
    const options = { cluster, store: kept.store, key: 'whole', migrationFolders: [migrations.path] };
    expect(await verifyBackup(options)).toEqual(backup.manifest);
  });

  test('is not restored when it was cut off', async () => {
    await dumpDatabase({ url: source.url, store: kept.store, key: 'cut', tenantId: 'one', format: 'PG_DUMP' });
    await truncate(join(kept.path, 'cut/database.pgdump'), 10_000);
    await using target = await createTestDatabase(own.url);
    await expect(restoreInto(target, 'cut')).rejects.toThrow(BackupDamagedError);
    expect(await target.query(`SELECT FROM pg_tables WHERE schemaname = 'public'`)).toEqual([]);
  });

  test('leaves nothing when it is aborted, or its store fails', async () => {
    const abort = new AbortController();
    const reason = new Error('not now');
    const stopping: BackupStore = {
      ...kept.store,
      put: async (key, content, signal) => (abort.abort(reason), await kept.store.put(key, content, signal)),
    };
    const options = { url: source.url, key: 'aborted', tenantId: 'one', format: 'PG_DUMP' } as const;
    await expect(dumpDatabase({ ...options, store: stopping, signal: abort.signal })).rejects.toBe(reason);
    expect(await readdir(kept.path)).not.toContain('aborted');
    const broken = new Error('full');
    const failing: BackupStore = { ...kept.store, put: async () => await Promise.reject(broken) };
    await expect(dumpDatabase({ ...options, store: failing })).rejects.toBe(broken);
  });

  test('shows neither password nor address to other users of the machine, and gets no other secret', async ({ skip }) => {
    skip(process.platform !== 'linux', 'there is no /proc here');
    vi.stubEnv('CREDENTIALS_KEY', 'another secret');
    onTestFinished(() => void vi.unstubAllEnvs());
    // It waits for its input.
    const { stdin, done } = startClient('pg_restore', ['--list'], source.url, undefined);
    const { password } = new URL(source.url);
    const commands = async () => (await clientProcesses(password)).map(({ command }) => command.join(' '));
    await expect.poll(commands).toEqual([expect.stringMatching(/pg_restore --list --no-password\s*$/)]);
    const [started] = await clientProcesses(password);
    expect(started?.environment).not.toContain('another secret');
    stdin.end();
    await expect(done).rejects.toThrow('pg_restore ended with 1: pg_restore: error:');
  });

  test('holds large objects, which COPY does not', async () => {
    await using other = await createTestDatabase(own.url);
    await other.query(`SELECT lo_from_bytea(4711, 'large')`);
    const options = { url: other.url, store: kept.store, key: 'large', tenantId: 'one' };
    await expect(dumpDatabase(options)).rejects.toThrow(BackupFormatError);
    await expect(dumpDatabase(options)).rejects.toThrow('has 1 large objects, which the format COPY does not hold: use the format PG_DUMP');
    await dumpDatabase({ ...options, format: 'PG_DUMP' });
    await using target = await createTestDatabase(own.url);
    await restoreInto(target, 'large');
    expect(await target.query(`SELECT convert_from(lo_get(4711), 'UTF8') AS text`)).toEqual([{ text: 'large' }]);
  });

  test('is not made by a client that is older than the server', async ({ skip }) => {
    const version = (await clientVersion('pg_dump')) ?? '';
    skip(Number.parseInt(version, 10) >= 18, 'the client is not older than the server of the tests');
    await using newer = await createTestDatabase(server);
    const attempt = dumpDatabase({ url: newer.url, store: kept.store, key: 'old', tenantId: 'one', format: 'PG_DUMP' });
    await expect(attempt).rejects.toThrow(BackupFormatError);
    await expect(attempt).rejects.toThrow(
      /^pg_dump on the PATH is of PostgreSQL 15\.\S+, the server of 18\.\S+: install the client of PostgreSQL 18 or later \(Debian: postgresql-client-18\), or make/,
    );
  });
});

test('where there is no client at all, that is said', async () => {
  vi.stubEnv('PATH', '/nowhere');
  onTestFinished(() => void vi.unstubAllEnvs());
  await expect(assertClient('pg_restore', { 'the server': '17.2' })).rejects.toThrow(
    'There is no pg_restore on the PATH: install the client of PostgreSQL 17 or later (Debian: postgresql-client-17), or make backups in the format COPY.',
  );
});

/** Empty for a process that has ended meanwhile. */
async function read(path: string): Promise<string> {
  return await readFile(path, 'utf8').catch(() => '');
}

/** Those of this machine that know a password. */
async function clientProcesses(password: string): Promise<{ command: string[]; environment: string }[]> {
  const ids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const processes = await Promise.all(
    ids.map(async (id) => ({ command: (await read(`/proc/${id}/cmdline`)).split('\0'), environment: await read(`/proc/${id}/environ`) })),
  );
  return processes.filter(({ environment }) => environment.includes(`PGPASSWORD=${password}\0`));
}
