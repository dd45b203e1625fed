import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { DatabaseError } from 'pg';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { BackupStoreError } from '../errors.ts';
import { dumpDatabase } from './dump-database.ts';
import type { Progress } from './long-work.ts';
import { fingerprintDatabase, type Fingerprint } from './fingerprint.ts';
import { restoreDatabase } from './restore-database.ts';
import { openFolderStore } from './stores/folder-store.ts';
import { readContent, type BackupStore } from './stores/backup-store.ts';
import {
  createMigrations,
  createTestDatabase,
  createTestStore,
  runSql,
  type TestDatabase,
  type TestFolder,
  type TestStore,
} from './testing/databases.ts';
import { ledgerMigration, ledgerRows } from './testing/ledger.ts';

const server = inject('postgresUrl');
const cleanup = new AsyncDisposableStack();
let migrations: TestFolder;
let source: TestDatabase;
let target: TestDatabase;
let before: Fingerprint;
let kept: TestStore;

beforeAll(async () => {
  migrations = cleanup.use(await createMigrations({ '20260101000000_init': ledgerMigration }));
  kept = cleanup.use(await createTestStore());
  source = cleanup.use(await createTestDatabase(server, migrations.path));
  await source.query(ledgerRows);
  // Enough that neither socket nor pipe takes it all, also when it is compressed.
  await source.query(
    `INSERT INTO entries (account_id, amount, note)
     SELECT 1, n, (SELECT string_agg(md5(concat(n, ' ', part)), '') FROM generate_series(1, 30) AS part) FROM generate_series(1, 30000) AS n`,
  );
  await dumpDatabase({ url: source.url, store: kept.store, key: 'whole', tenantId: 'one' });
  target = cleanup.use(await createTestDatabase(server, migrations.path));
  await target.query(`INSERT INTO accounts VALUES (77, 'in place', 7); INSERT INTO entries (account_id, amount) VALUES (77, 7)`);
  before = await fingerprintDatabase({ url: target.url });
});
afterAll(async () => await cleanup.disposeAsync());

async function filesIn(store: BackupStore, folder: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list(folder)) keys.push(key);
  return keys;
}

async function* slowly(content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of content) {
    await sleep(5);
    yield chunk;
  }
}

/** A store that takes its time, so that something can happen in the middle. */
function slow(store: BackupStore): BackupStore {
  return {
    ...store,
    put: async (key, content, signal) => await store.put(key, slowly(content), signal),
    get: async (key, signal) => Readable.from(slowly(await store.get(key, signal)), { objectMode: false }),
  };
}

/** Fires once some of the big table was done. */
function inTheMiddle(deed: () => void): (progress: Progress) => void {
  let isDone = false;
  return ({ table, bytes }) => {
    if (isDone || table !== 'public.entries' || bytes < 1_000_000) return;
    isDone = true;
    deed();
  };
}

async function killConnectionsTo({ adminUrl }: TestDatabase): Promise<void> {
  await runSql(
    adminUrl,
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`,
  );
}

async function connectionsTo({ adminUrl }: TestDatabase): Promise<number> {
  const rows = await runSql(adminUrl, `SELECT FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`);
  return rows.length;
}

interface Circumstances {
  onProgress?: (progress: Progress) => void;
  signal?: AbortSignal;
  store?: BackupStore;
}

const dump = async (key: string, circumstances: Circumstances) =>
  await dumpDatabase({ url: source.url, store: kept.store, key, tenantId: 'one', ...circumstances });
const restore = async (circumstances: Circumstances) =>
  await restoreDatabase({ url: target.url, store: kept.store, key: 'whole', migrationFolders: [migrations.path], ...circumstances });

describe('a backup', () => {
  test('that is aborted leaves nothing in the store, and no connection', async () => {
    const abort = new AbortController();
    const reason = new Error('not now');
    const attempt = dump('aborted', { store: slow(kept.store), signal: abort.signal, onProgress: inTheMiddle(() => abort.abort(reason)) });
    await expect(attempt).rejects.toBe(reason);
    expect(await filesIn(kept.store, 'aborted')).toEqual([]);
    await expect.poll(async () => await connectionsTo(source)).toBe(0);
    await expect(dump('aborted', { signal: abort.signal })).rejects.toBe(reason);
  });

  test('whose connection breaks leaves nothing in the store', async () => {
    const attempt = dump('broken', { store: slow(kept.store), onProgress: inTheMiddle(() => void killConnectionsTo(source)) });
    await expect(attempt).rejects.toThrow(/terminat/i);
    expect(await filesIn(kept.store, 'broken')).toEqual([]);
  });

  test('that its store does not take leaves nothing in it, and no connection', async () => {
    await using other = await createTestStore();
    const inner = openFolderStore(other.path);
    const full: BackupStore = {
      ...inner,
      put: async (key, content) => {
        for await (const _chunk of content) if (key.includes('0001')) throw new BackupStoreError('write', key, new Error('no space left'));
        await inner.put(key, [Buffer.from('written')]);
      },
    };
    await expect(dump('full', { store: full })).rejects.toThrow(BackupStoreError);
    expect(await filesIn(inner, 'full')).toEqual([]);
    await expect.poll(async () => await connectionsTo(source)).toBe(0);
  });

  test('replaces what an earlier attempt has left', async () => {
    await kept.store.put('again/tables/9999.copy.zst', [Buffer.from('half')]);
    const { manifest } = await dump('again', {});
    expect(await filesIn(kept.store, 'again')).toHaveLength(manifest.tables.length + 1);
  });
});

describe('a restore', () => {
  test('that is aborted leaves the database as it was', async () => {
    const abort = new AbortController();
    const reason = new Error('not now');
    const attempt = restore({ store: slow(kept.store), signal: abort.signal, onProgress: inTheMiddle(() => abort.abort(reason)) });
    await expect(attempt).rejects.toBe(reason);
    expect(await fingerprintDatabase({ url: target.url })).toEqual(before);
  });

  test('whose connection breaks leaves the database as it was', async () => {
    const attempt = restore({ store: slow(kept.store), onProgress: inTheMiddle(() => void killConnectionsTo(target)) });
    await expect(attempt).rejects.toThrow(/terminat/i);
    expect(await fingerprintDatabase({ url: target.url })).toEqual(before);
  });

  test('whose store breaks off leaves the database as it was, and blames the store', async () => {
    const breaking: BackupStore = {
      ...kept.store,
      get: async (key, signal) => {
        const content = await kept.store.get(key, signal);
        if (!key.includes('0001')) return content;
        const broken = new Error('reset');
        return readContent(
          key,
          content.once('readable', () => void content.destroy(broken)),
        );
      },
    };
    await expect(restore({ store: breaking })).rejects.toThrow(BackupStoreError);
    expect(await fingerprintDatabase({ url: target.url })).toEqual(before);
  });

  test('that Postgres refuses at its very end leaves the database, its triggers, keys and sequences as they were', async () => {
    await target.query(`
      CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
      CREATE TRIGGER refuse BEFORE INSERT ON entries FOR EACH ROW EXECUTE FUNCTION refuse();
      CREATE MATERIALIZED VIEW failing AS SELECT 1 / (CASE WHEN count(*) > 100 THEN 0 ELSE 1 END) FROM entries`);
    await expect(restore({})).rejects.toMatchObject({ name: 'RestoreRefusedError', cause: expect.any(DatabaseError) });
    expect(await fingerprintDatabase({ url: target.url })).toEqual(before);
    expect(await target.query(`SELECT tgname, tgenabled FROM pg_trigger WHERE NOT tgisinternal`)).toEqual([
      { tgname: 'refuse', tgenabled: 'O' },
    ]);
    await expect(target.query('INSERT INTO entries (account_id, amount) VALUES (1234, 1)')).rejects.toMatchObject({ code: '23503' });
    await target.query('DROP MATERIALIZED VIEW failing; DROP FUNCTION refuse CASCADE');
  });
});

test('progress goes up to everything', async () => {
  const dumped: Progress[] = [];
  await dumpDatabase({ url: source.url, store: kept.store, key: 'told', tenantId: 'one', onProgress: (progress) => dumped.push(progress) });
  const restored: Progress[] = [];
  await using empty = await createTestDatabase(server);
  const { tables } = await restoreDatabase({
    url: empty.url,
    store: kept.store,
    key: 'told',
    migrationFolders: [migrations.path],
    onProgress: (progress) => restored.push(progress),
  });
  const rows = tables.reduce((sum, table) => sum + table.rows, 0);
  const bytes = tables.reduce((sum, table) => sum + table.bytes, 0);
  for (const told of [dumped, restored]) {
    expect(told[0]).toEqual({ table: 'public.accounts', tables: { done: 0, total: 3 }, bytes: 0, rows: 0 });
    expect(told.at(-1)).toEqual({ table: 'public.settings', tables: { done: 3, total: 3 }, bytes, rows });
  }
});
