import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { zstdDecompressSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { dumpDatabase, type StoredBackup } from './dump-database.ts';
import { readManifest } from './manifest.ts';
import { differences, fingerprintDatabase } from './fingerprint.ts';
import { restoreDatabase } from './restore-database.ts';
import {
  createMigrations,
  createTestDatabase,
  createTestStore,
  type TestDatabase,
  type TestFolder,
  type TestStore,
} from './testing/databases.ts';
import { everyTypeMigration, everyTypeRows } from './testing/every-type.ts';

const server = inject('postgresUrl');
const key = 'tenants/one/first';
const cleanup = new AsyncDisposableStack();
let migrations: TestFolder;
let source: TestDatabase;
let kept: TestStore;
let backup: StoredBackup;

beforeAll(async () => {
  migrations = cleanup.use(await createMigrations({ '20260101000000_init': everyTypeMigration }));
  source = cleanup.use(await createTestDatabase(server, migrations.path));
  kept = cleanup.use(await createTestStore());
  await source.query(everyTypeRows);
  backup = await dumpDatabase({ url: source.url, store: kept.store, key, tenantId: 'one' });
});
afterAll(async () => await cleanup.disposeAsync());

const definitions = `
  SELECT conrelid::regclass::text || ' ' || conname || ' ' || pg_get_constraintdef(oid) || ' ' || convalidated || ' ' || coalesce(obj_description(oid), '') AS line
  FROM pg_constraint WHERE connamespace::regnamespace::text IN ('public', 'extra')
  UNION ALL SELECT tgrelid::regclass::text || ' ' || tgname || ' ' || tgenabled::text FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1`;

/** What two backups of equal data have in common: how well it is compressed depends on the pieces that it comes in. */
const contentOf = ({ manifest: { startedAt: _s, finishedAt: _f, storedBytes: _b, tables, ...manifest } }: StoredBackup) => ({
  ...manifest,
  tables: tables.map((table) => ({ ...table, storedBytes: null, storedSha256: null })),
});

describe('a backup of every type of column', () => {
  test('is described by its manifest', () => {
    const { manifest } = backup;
    expect(manifest).toMatchObject({
      format: 'COPY',
      tenantId: 'one',
      schemaVersion: '20260101000000_init',
      migrations: [{ name: '20260101000000_init', checksum: expect.stringMatching(/^[0-9a-f]{64}$/) }],
    });
    const rows = Object.fromEntries(manifest.tables.map(({ schema, name, rows: count }) => [`${schema}.${name}`, count]));
    expect(rows).toEqual({
      'extra.remarks': 1,
      'public.Mixed Case.table': 4,
      'public.animals': 1,
      'public.chickens': 1,
      'public.defaults': 1,
      'public.dogs': 1,
      'public.eggs': 1,
      'public.employees': 3,
      'public.empty': 0,
      'public.event_notes': 1,
      'public.events': 2,
      'public.everything': 3,
      'public.grades': 1,
      'public.log': 5,
      'public.no_columns': 2,
      'public.no_key': 4,
      'public.rules': 1,
      'public.scratch': 1,
    });
  });

  test('is restored into an empty database, exactly', async () => {
    await using target = await createTestDatabase(server);
    const restored = await restoreDatabase({ url: target.url, store: kept.store, key, migrationFolders: [migrations.path] });
    expect(restored).toEqual(backup.manifest);
    expect(differences(await fingerprintDatabase({ url: target.url }), backup.manifest)).toEqual([]);
    expect(await target.query('SELECT * FROM everything ORDER BY id')).toEqual(await source.query('SELECT * FROM everything ORDER BY id'));
    expect(await target.query(definitions)).toEqual(await source.query(definitions));
    expect(await target.query('SELECT * FROM loud ORDER BY id')).toEqual(await source.query('SELECT * FROM loud ORDER BY id'));
    await expect(target.query('DELETE FROM chickens WHERE id = 1; DELETE FROM employees WHERE id = 1')).rejects.toMatchObject({
      code: '23503',
    });
    expect(await target.query(`INSERT INTO everything DEFAULT VALUES RETURNING id`)).toEqual([{ id: '4' }]);
    await expect(target.query(`SELECT nextval('tickets')`)).rejects.toMatchObject({ code: '2200H' });
    expect(await target.query(`SELECT nextval('"Unused"')`)).toEqual([{ nextval: '7' }]);
  });

  test('is restored in place, over what became of the database since, and of what its sessions begin with', async () => {
    await using target = await createTestDatabase(server, migrations.path);
    const name = new URL(target.url).pathname.slice(1);
    for (const setting of ['array_nulls = off', 'quote_all_identifiers = on', `lock_timeout = '1ms'`]) {
      await target.query(`ALTER DATABASE ${name} SET ${setting}`);
    }
    await target.query(
      `INSERT INTO employees VALUES (99, 99, 'Mallory'); SELECT setval('tickets', 1500); INSERT INTO log (entry) VALUES ('x')`,
    );
    await restoreDatabase({ url: target.url, store: kept.store, key, migrationFolders: [migrations.path] });
    expect(differences(await fingerprintDatabase({ url: target.url }), backup.manifest)).toEqual([]);
  });

  test('holds, file by file, what one holds of a database that it was restored to', async () => {
    await using target = await createTestDatabase(server);
    await restoreDatabase({ url: target.url, store: kept.store, key, migrationFolders: [migrations.path] });
    const second = await dumpDatabase({ url: target.url, store: kept.store, key: 'tenants/one/second', tenantId: 'one' });
    expect(contentOf(second)).toEqual(contentOf(backup));
    for (const { file } of backup.manifest.format === 'COPY' ? backup.manifest.tables : []) {
      const [one, other] = await Promise.all(
        ['first', 'second'].map(async (name) => zstdDecompressSync(await readFile(join(kept.path, 'tenants/one', name, file)))),
      );
      expect(one?.equals(other ?? Buffer.of())).toBe(true);
    }
  });

  test('is found by its checksum', async () => {
    const { store } = kept;
    expect(await readManifest(store, key, { expectedChecksum: backup.checksum })).toEqual(backup);
  });
});
