import { readFile } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { dumpDatabase } from '../dump-database.ts';
import { restoreDatabase } from '../restore-database.ts';
import {
  createMigrations,
  createTestDatabase,
  createTestStore,
  type TestDatabase,
  type TestFolder,
  type TestStore,
} from '../testing/databases.ts';
import { everyTypeMigration, everyTypeRows } from '../testing/every-type.ts';
import { exportData, type ExportManifest } from './export-data.ts';

const server = inject('postgresUrl');
const prismaSchema = `
model Employee {
  id     Int    @id
  bossId Int?   @map("boss_id")
  name   String
  @@map("employees")
}
model Thing {
  id          BigInt @id
  momentZoned DateTime? @map("moment_zoned")
  @@map("everything")
}
`;
const cleanup = new AsyncDisposableStack();
let migrations: TestFolder;
let source: TestDatabase;
let kept: TestStore;
let manifest: ExportManifest;

beforeAll(async () => {
  migrations = cleanup.use(await createMigrations({ '20260101000000_init': everyTypeMigration }));
  source = cleanup.use(await createTestDatabase(server, migrations.path));
  kept = cleanup.use(await createTestStore());
  await source.query(everyTypeRows);
  ({ manifest } = await exportData({ url: source.url, store: kept.store, key: 'exports/one', tenantId: 'one', prismaSchema }));
});
afterAll(async () => await cleanup.disposeAsync());

async function linesOf(model: string, key = 'exports/one'): Promise<unknown[]> {
  const file = manifest.models.find((one) => one.model === model)?.file ?? '';
  const text = await readFile(join(kept.path, key, file), 'utf8');
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));
}

describe('an export', () => {
  test('has a file for each model, named by Prisma, with its checksum', async () => {
    expect(manifest).toMatchObject({ format: 'NDJSON', tenantId: 'one', schemaVersion: '20260101000000_init' });
    expect(manifest.models).toHaveLength(18);
    expect(manifest.models.filter(({ model }) => !model.includes('.'))).toMatchObject([
      { model: 'Employee', table: 'public.employees', file: 'Employee.ndjson', rows: 3 },
      { model: 'Thing', table: 'public.everything', file: 'Thing.ndjson', rows: 3 },
    ]);
    for (const { file, bytes, sha256 } of manifest.models) {
      const content = await readFile(join(kept.path, 'exports/one', file));
      expect([content.length, createHash('sha256').update(content).digest('hex')]).toEqual([bytes, sha256]);
    }
  });

  test('has rows by the names of fields, in the order of their keys', async () => {
    expect(await linesOf('Employee')).toEqual([
      { id: 1, bossId: 2, name: 'Ada' },
      { id: 2, bossId: 3, name: 'Edsger' },
      { id: 3, bossId: 1, name: 'Grace' },
    ]);
    expect(await linesOf('public.no_columns')).toEqual([{}, {}]);
    expect(await linesOf('public.empty')).toEqual([]);
  });

  test('has every type of value as JSON that loses nothing', async () => {
    const [defaults, full, special] = await linesOf('Thing');
    expect(defaults).toMatchObject({ id: '1', regular: 7, twice: 14, plain: null, flag: null, byte_list: null });
    expect(full).toMatchObject({
      id: '2',
      small: -32768,
      big: '9223372036854775807',
      exact: '12345678901234567890.123456789012345678901',
      scaled: '1.50000',
      single: 0.1,
      double: 1e-300,
      cash: '$12.34',
      flag: true,
      plain: 'tab\t newline\n return\r back\\slash "double" \'single\' \\N \\. nul-free \u2028 👩‍💻',
      bounded: '',
      bytes: Buffer.from([0, 255, 10, 92, 39]).toString('base64'),
      byte_list: ['AA==', 'Cg==', null],
      moment: 'infinity',
      momentZoned: '2026-02-28T18:29:59.999+00:00',
      clock: '24:00:00',
      span: 'P1Y2M-3DT4H5M6.7S',
      mood: 'happy',
      moods: ['sad', null],
      amount: '5',
      total: '9007199254740993',
      amounts: ['9007199254740993'],
      attachments: [{ content: [1, 2] }],
      document: { b: 2, a: [1, 2] },
      document_binary: { z: 100, text: 'line\nbreak' },
      documents: [{ a: 1 }, null],
      texts: ['', null, 'NULL', '{"', '\n\\'],
      numbers: [],
      bigs: ['9007199254740993'],
      matrix: [
        [1, 2],
        [3, 4],
      ],
      guid: 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11',
      'Weird "Name': 'w',
      t: 'not the row',
    });
    expect(special).toMatchObject({ single: 'NaN', double: '-Infinity', exact: 'NaN', span: 'P-1D', bytes: '' });
  });

  test('is the same, to the byte, of a database that was restored from a backup', async () => {
    await using target = await createTestDatabase(server);
    await dumpDatabase({ url: source.url, store: kept.store, key: 'backup', tenantId: 'one' });
    await restoreDatabase({ url: target.url, store: kept.store, key: 'backup', migrationFolders: [migrations.path] });
    const again = await exportData({ url: target.url, store: kept.store, key: 'exports/two', tenantId: 'one', prismaSchema });
    expect(again.manifest.models).toEqual(manifest.models);
    for (const { file } of manifest.models) {
      const [one, two] = await Promise.all(['one', 'two'].map(async (key) => await readFile(join(kept.path, 'exports', key, file))));
      expect(two?.equals(one ?? Buffer.of())).toBe(true);
    }
  });

  test('that is aborted leaves nothing', async () => {
    const abort = new AbortController();
    const reason = new Error('not now');
    const attempt = exportData({
      url: source.url,
      store: kept.store,
      key: 'exports/aborted',
      tenantId: 'one',
      prismaSchema,
      signal: abort.signal,
      onProgress: ({ tables }) => void (tables.done === 3 && abort.abort(reason)),
    });
    await expect(attempt).rejects.toBe(reason);
    expect(await Promise.resolve(kept.store.list('exports/aborted')[Symbol.asyncIterator]().next())).toMatchObject({ done: true });
  });
});
