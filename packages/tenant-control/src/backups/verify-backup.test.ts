import { silentLogger } from '@tenantry/service';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { openClusterAdmin, type ClusterAdmin } from '../clusters/cluster-admin.ts';
import { BackupDamagedError } from '../errors.ts';
import { databaseUrl } from '../postgres/connection.ts';
import { dumpDatabase, type StoredBackup } from './dump-database.ts';
import { scratchPrefix } from './scratch-database.ts';
import { createMigrations, createTestDatabase, createTestStore, runSql, type TestFolder, type TestStore } from './testing/databases.ts';
import { everyTypeMigration, everyTypeRows } from './testing/every-type.ts';
import { verifyBackup, type VerifyOptions } from './verify-backup.ts';

const server = inject('postgresUrl');
const cleanup = new AsyncDisposableStack();
let migrations: TestFolder;
let kept: TestStore;
let backup: StoredBackup;
let cluster: ClusterAdmin;
let administrator: string;

beforeAll(async () => {
  migrations = cleanup.use(await createMigrations({ '20260101000000_init': everyTypeMigration }));
  kept = cleanup.use(await createTestStore());
  await using source = await createTestDatabase(server, migrations.path);
  await source.query(everyTypeRows);
  backup = await dumpDatabase({ url: source.url, store: kept.store, key: 'whole', tenantId: 'one' });
  // An administrator as on a managed server, which is no superuser.
  const own = cleanup.use(await createTestDatabase(server));
  administrator = new URL(own.url).username;
  await runSql(server, `ALTER ROLE ${administrator} CREATEDB CREATEROLE`);
  cluster = cleanup.use(openClusterAdmin({ name: 'standard', adminUrl: databaseUrl(own.url, administrator) }, silentLogger));
});
afterAll(async () => await cleanup.disposeAsync());

const verify = async (options: Partial<VerifyOptions> = {}) =>
  await verifyBackup({ cluster, store: kept.store, key: 'whole', migrationFolders: [migrations.path], ...options });

/** Databases and roles that the administrator may act for. */
async function scratches(): Promise<unknown[]> {
  return await runSql(
    server,
    `SELECT datname AS name FROM pg_database WHERE starts_with(datname, $1) AND pg_has_role($2, datdba, 'MEMBER')
     UNION ALL SELECT rolname FROM pg_roles WHERE starts_with(rolname, $1) AND pg_has_role($2, oid, 'MEMBER')`,
    [scratchPrefix, administrator],
  );
}

test('a whole backup is found whole, and nothing is left of the attempt', async () => {
  expect(await verify({ expectedChecksum: backup.checksum })).toEqual(backup.manifest);
  expect(await scratches()).toEqual([]);
});

test('more are verified at the same time than the cluster’s pool has connections', async () => {
  const most = cluster.pool.options.max;
  expect(await Promise.all(Array.from({ length: most + 1 }, async () => await verify()))).toHaveLength(most + 1);
  expect(await scratches()).toEqual([]);
});

test('nobody else gets into the scratch database meanwhile', async () => {
  const seen: unknown[] = [];
  const look = async () =>
    seen.push(
      ...(await runSql(
        server,
        `SELECT has_database_privilege('public', oid, 'CONNECT') AS open FROM pg_database WHERE starts_with(datname, $1)`,
        [scratchPrefix],
      )),
    );
  let looking: Promise<unknown> = Promise.resolve();
  await verify({ onProgress: ({ tables }) => void (tables.done === 1 && (looking = look())) });
  await looking;
  expect(seen[0]).toEqual({ open: false });
  expect(new Set(seen.map((one) => JSON.stringify(one))).size).toBe(1);
});

test('a damaged one is found out, and nothing is left of the attempt', async () => {
  await kept.store.put('damaged/manifest.json', await kept.store.get('whole/manifest.json'));
  await expect(verify({ key: 'damaged' })).rejects.toThrow(BackupDamagedError);
  await expect(verify({ key: 'damaged', expectedChecksum: '0'.repeat(64) })).rejects.toThrow('not the one that was written');
  expect(await scratches()).toEqual([]);
});

test('an aborted attempt leaves nothing', async () => {
  const abort = new AbortController();
  const reason = new Error('not now');
  const attempt = verify({ signal: abort.signal, onProgress: ({ tables }) => void (tables.done === 5 && abort.abort(reason)) });
  await expect(attempt).rejects.toBe(reason);
  expect(await scratches()).toEqual([]);
});
