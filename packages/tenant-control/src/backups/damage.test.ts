import { createHash } from 'node:crypto';
import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { BackupDamagedError, BackupNotFoundError } from '../errors.ts';
import { dumpDatabase, type StoredBackup } from './dump-database.ts';
import { fingerprintDatabase, type Fingerprint } from './fingerprint.ts';
import { restoreDatabase } from './restore-database.ts';
import {
  createMigrations,
  createTestDatabase,
  createTestStore,
  type TestDatabase,
  type TestFolder,
  type TestStore,
} from './testing/databases.ts';
import { ledgerMigration, ledgerRows } from './testing/ledger.ts';

const server = inject('postgresUrl');
const cleanup = new AsyncDisposableStack();
let migrations: TestFolder;
let target: TestDatabase;
let before: Fingerprint;
let kept: TestStore;
let backup: StoredBackup;
let copies = 0;

beforeAll(async () => {
  migrations = cleanup.use(await createMigrations({ '20260101000000_init': ledgerMigration }));
  kept = cleanup.use(await createTestStore());
  await using source = await createTestDatabase(server, migrations.path);
  await source.query(ledgerRows);
  backup = await dumpDatabase({ url: source.url, store: kept.store, key: 'whole', tenantId: 'one' });
  target = cleanup.use(await createTestDatabase(server, migrations.path));
  await target.query(`INSERT INTO accounts VALUES (77, 'in place', 7); INSERT INTO entries (account_id, amount) VALUES (77, 7)`);
  before = await fingerprintDatabase({ url: target.url });
});
afterAll(async () => await cleanup.disposeAsync());

/** Restores a copy of the backup, in which `damage` was done to a file, over a database that has rows. */
async function restoreDamaged(file: string, damage: (content: Buffer) => Buffer | null, expectedChecksum?: string): Promise<unknown> {
  copies += 1;
  const key = `copy-${copies}`;
  await cp(join(kept.path, 'whole'), join(kept.path, key), { recursive: true });
  const path = join(kept.path, key, file);
  const content = damage(await readFile(path));
  await (content === null ? rm(path) : writeFile(path, content));
  return await restoreDatabase({ url: target.url, store: kept.store, key, migrationFolders: [migrations.path], expectedChecksum });
}

const files = ['tables/0000.copy.zst', 'tables/0001.copy.zst', 'tables/0002.copy.zst'];

function flipped(content: Buffer, at: number): Buffer {
  const copy = Buffer.from(content);
  copy[at] = (copy[at] ?? 0) ^ 0x10;
  return copy;
}

/** Changes what was compressed, and compresses it again. */
const rewritten = (change: (text: string) => string) => (content: Buffer) =>
  zstdCompressSync(change(zstdDecompressSync(content).toString()));

describe.each(files)('nothing is restored when the file %s', (file) => {
  test.each<[string, (content: Buffer) => Buffer | null]>([
    ['is gone', () => null],
    ['is empty', () => Buffer.of()],
    ['is cut off', (content) => content.subarray(0, -1)],
    ['is cut in half', (content) => content.subarray(0, content.length / 2)],
    ['has something at its end', (content) => Buffer.concat([content, Buffer.from('more')])],
    ['has another bit in its middle', (content) => flipped(content, content.length >> 1)],
    ['has another bit at its end', (content) => flipped(content, content.length - 1)],
    ['is not compressed', (content) => zstdDecompressSync(content)],
    ['lacks a row', rewritten((text) => text.slice(0, text.lastIndexOf('\n', text.length - 2) + 1))],
    ['has a row twice', rewritten((text) => `${text}${text.slice(text.lastIndexOf('\n', text.length - 2) + 1)}`)],
    ['has another value', rewritten((text) => text.replace(/[a-z]/, 'x'))],
    ['is no data at all', rewritten(() => 'nothing of the kind\n')],
    ['unfolds to far more', rewritten((text) => text.repeat(20_000 / Math.max(1, text.length >> 8)))],
  ])('%s', async (_what, damage) => {
    const attempt = restoreDamaged(file, damage);
    await expect(attempt).rejects.toThrow(BackupDamagedError);
    await expect(attempt).rejects.toThrow(file);
    expect(await fingerprintDatabase({ url: target.url })).toEqual(before);
  });
});

describe('nothing is restored when the manifest', () => {
  test('is gone: there is no backup', async () => {
    await expect(restoreDamaged('manifest.json', () => null)).rejects.toThrow(BackupNotFoundError);
  });

  test.each<[string, (content: Buffer) => Buffer]>([
    ['is empty', () => Buffer.of()],
    ['is cut off', (content) => content.subarray(0, -10)],
    ['has another digit', (content) => Buffer.from(content.toString().replace('"rows": 5000', '"rows": 5001'))],
    ['has another sequence', (content) => Buffer.from(content.toString().replace('"value": "5000"', '"value": "50"'))],
    ['is something else', () => Buffer.from('{"checksum": "no", "manifest": {}}')],
    ['is of another format', (content) => withChecksum(content.toString().replace('"formatVersion": 1', '"formatVersion": 2'))],
    ['leads elsewhere', (content) => withChecksum(content.toString().replace(files[0] ?? '', '../whole/tables/0000.copy.zst'))],
  ])('%s', async (_what, damage) => {
    await expect(restoreDamaged('manifest.json', damage)).rejects.toThrow(BackupDamagedError);
    expect(await fingerprintDatabase({ url: target.url })).toEqual(before);
  });

  test('is another one than was written, though a valid one', async () => {
    await expect(restoreDamaged('manifest.json', forge, backup.checksum)).rejects.toThrow('its manifest is not the one that was written');
    expect(await fingerprintDatabase({ url: target.url })).toEqual(before);
  });
});

function forge(content: Buffer): Buffer {
  return withChecksum(content.toString().replace('"value": "5000"', '"value": "50"'));
}

function withChecksum(text: string): Buffer {
  const { manifest } = JSON.parse(text);
  const checksum = createHash('sha256').update(JSON.stringify(manifest)).digest('hex');
  return Buffer.from(JSON.stringify({ checksum, manifest }));
}
