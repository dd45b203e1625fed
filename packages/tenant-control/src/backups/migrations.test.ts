import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { RestoreTargetError } from '../errors.ts';
import { dumpDatabase } from './dump-database.ts';
import { restoreDatabase } from './restore-database.ts';
import {
  addMigration,
  createMigrations,
  createTestDatabase,
  createTestStore,
  type TestFolder,
  type TestStore,
} from './testing/databases.ts';
import { ledgerMigration, ledgerRows } from './testing/ledger.ts';

const server = inject('postgresUrl');
const init = '20260101000000_init';
const later = '20260202000000_currency';
const laterSql = `ALTER TABLE accounts ADD COLUMN currency text NOT NULL DEFAULT 'EUR'; INSERT INTO settings VALUES (2, 'fr')`;
const extra = '20260115000000_extra';
const extraSql = 'CREATE TABLE extras (id int PRIMARY KEY, what text)';
const cleanup = new AsyncDisposableStack();
let kept: TestStore;
let overlay: TestFolder;

beforeAll(async () => {
  kept = cleanup.use(await createTestStore());
  await using migrations = await createMigrations({ [init]: ledgerMigration });
  await using source = await createTestDatabase(server, migrations.path);
  await source.query(ledgerRows);
  await dumpDatabase({ url: source.url, store: kept.store, key: 'plain', tenantId: 'one' });
  overlay = cleanup.use(await createMigrations({ [extra]: extraSql }));
  await using both = await createMigrations({ [init]: ledgerMigration, [extra]: extraSql });
  await using extended = await createTestDatabase(server, both.path);
  await extended.query(`${ledgerRows}; INSERT INTO extras VALUES (1, 'own')`);
  await dumpDatabase({ url: extended.url, store: kept.store, key: 'extended', tenantId: 'two' });
});
afterAll(async () => await cleanup.disposeAsync());

const restore = async (url: string, key: string, folders: readonly TestFolder[], migrateForward?: boolean) =>
  await restoreDatabase({ url, store: kept.store, key, migrationFolders: folders.map(({ path }) => path), migrateForward });

describe('a backup from before a migration', () => {
  test('is restored into an empty database as it was, and then migrated', async () => {
    await using newer = await createMigrations({ [init]: ledgerMigration, [later]: laterSql });
    await using target = await createTestDatabase(server);
    await restore(target.url, 'plain', [newer]);
    expect(await target.query('SELECT DISTINCT currency, count(*)::int FROM accounts GROUP BY 1')).toEqual([
      { currency: 'EUR', count: 10 },
    ]);
    expect(await target.query('SELECT id, locale FROM settings ORDER BY id')).toEqual([
      { id: 1, locale: 'de' },
      { id: 2, locale: 'fr' },
    ]);
  });

  test('is restored without the later migration where that is wanted', async () => {
    await using newer = await createMigrations({ [init]: ledgerMigration, [later]: laterSql });
    await using target = await createTestDatabase(server);
    await restore(target.url, 'plain', [newer], false);
    expect(await target.query('SELECT migration_name AS name FROM _prisma_migrations')).toEqual([{ name: init }]);
  });

  test('is refused by a database that has had the migration', async () => {
    await using newer = await createMigrations({ [init]: ledgerMigration, [later]: laterSql });
    await using target = await createTestDatabase(server, newer.path);
    const attempt = restore(target.url, 'plain', [newer]);
    await expect(attempt).rejects.toThrow(RestoreTargetError);
    await expect(attempt).rejects.toThrow(`has had the migration ${later}, which the backup has not: restore into an empty one`);
    expect(await target.query('SELECT FROM accounts')).toEqual([]);
  });
});

test('a backup from after a migration is refused by code that does not know it', async () => {
  await using older = await createMigrations({ '20250101000000_other': 'SELECT 1' });
  await using target = await createTestDatabase(server);
  await expect(restore(target.url, 'plain', [older])).rejects.toThrow(
    `the migration ${init}, which is unknown here: restore it with the version`,
  );
  await using targetOfOlder = await createTestDatabase(server, older.path);
  await expect(restore(targetOfOlder.url, 'plain', [older])).rejects.toThrow(`has not had the migration ${init}`);
});

test('a migration that was rewritten since is told', async () => {
  await using rewritten = await createMigrations({ [init]: `${ledgerMigration} -- rewritten` });
  await using target = await createTestDatabase(server);
  await expect(restore(target.url, 'plain', [rewritten])).rejects.toThrow(
    `The migration ${init} reads differently since the backup was made`,
  );
  expect(await target.query(`SELECT FROM pg_tables WHERE schemaname = 'public'`)).toEqual([]);
  await using migrated = await createTestDatabase(server, rewritten.path);
  await expect(restore(migrated.url, 'plain', [rewritten])).rejects.toThrow(`has had the migration ${init} when it read differently`);
});

describe('what a tenant’s own migrations have added', () => {
  test('is backed up, and restored when they are given', async () => {
    await using migrations = await createMigrations({ [init]: ledgerMigration });
    await addMigration(migrations.path, later, laterSql);
    await using target = await createTestDatabase(server);
    await restore(target.url, 'extended', [migrations, overlay]);
    expect(await target.query('SELECT what FROM extras')).toEqual([{ what: 'own' }]);
    expect(await target.query('SELECT migration_name AS name FROM _prisma_migrations ORDER BY 1')).toEqual(
      [init, extra, later].map((name) => ({ name })),
    );
  });

  test('is asked for when they are not', async () => {
    await using migrations = await createMigrations({ [init]: ledgerMigration });
    await using target = await createTestDatabase(server);
    await expect(restore(target.url, 'extended', [migrations])).rejects.toThrow(`the migration ${extra}, which is unknown here`);
  });
});

test('tables that somebody made by hand are named', async () => {
  await using migrations = await createMigrations({ [init]: ledgerMigration });
  await using source = await createTestDatabase(server, migrations.path);
  await source.query('CREATE TABLE by_hand (id int); ALTER TABLE accounts ADD COLUMN hint text; CREATE SEQUENCE numbers');
  await dumpDatabase({ url: source.url, store: kept.store, key: 'by-hand', tenantId: 'one' });
  await using target = await createTestDatabase(server);
  const attempt = restore(target.url, 'by-hand', [migrations]);
  await expect(attempt).rejects.toThrow(RestoreTargetError);
  await expect(attempt).rejects.toThrow(
    /lacks the table public\.accounts \(.*hint text\).*lacks the table public\.by_hand \(id integer\).*lacks the sequence public\.numbers.*by hand/,
  );
});
