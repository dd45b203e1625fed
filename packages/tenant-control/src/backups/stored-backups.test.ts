import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { listBackups, removeBackup } from './stored-backups.ts';
import { createTestStore } from './testing/databases.ts';

test('only what has a manifest is a backup, and a removed one is gone as a whole', async () => {
  await using kept = await createTestStore();
  const { store } = kept;
  for (const key of [
    't/one/a/manifest.json',
    't/one/a/tables/0000.zst',
    't/one/b/tables/0000.zst',
    't/two/c/manifest.json',
    't/one/d/manifest.json',
  ]) {
    await store.put(key, []);
  }
  expect(new Set(await Readable.from(listBackups(store, 't/one')).toArray())).toEqual(new Set(['t/one/a', 't/one/d']));
  await removeBackup(store, 't/one/a');
  expect(new Set(await Readable.from(listBackups(store, 't')).toArray())).toEqual(new Set(['t/one/d', 't/two/c']));
  expect(await Readable.from(store.list('t/one/a')).toArray()).toEqual([]);
});
