import { mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { createWriteStream, existsSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { BackupStoreError } from '../../errors.ts';
import { createTestFolder } from '../testing/databases.ts';
import { writeContent } from './backup-store.ts';
import { openFolderStore } from './folder-store.ts';

test('files and folders are for the user of this process alone', async () => {
  await using folder = await createTestFolder();
  const store = openFolderStore(join(folder.path, 'store'));
  await store.put('a/b/c', [Buffer.from('secret')]);
  const modes = await Promise.all(
    ['store', 'store/a', 'store/a/b', 'store/a/b/c'].map(async (path) => (await stat(join(folder.path, path))).mode),
  );
  expect(modes.map((mode) => (mode & 0o777).toString(8))).toEqual(['700', '700', '700', '600']);
});

test('what a writer that died has left is no file, and goes with its folder', async () => {
  await using folder = await createTestFolder();
  const store = openFolderStore(folder.path);
  await store.put('a/b', [Buffer.from('b')]);
  await writeFile(join(folder.path, 'a', 'c.0000.unfinished~'), 'half');
  expect(await Readable.from(store.list('a')).toArray()).toMatchObject([{ key: 'a/b' }]);
  await store.remove('a');
  expect(await readdir(folder.path)).toEqual([]);
});

test('lists what is there, though something else is removed meanwhile', async () => {
  await using folder = await createTestFolder();
  const store = openFolderStore(folder.path);
  const keys = ['a/1', 'a/b/2', 'a/c/3', 'a/d/4', 'a/e'];
  for (const key of keys) await store.put(key, [Buffer.from(key)]);
  const listed: string[] = [];
  for await (const { key } of store.list('a')) {
    listed.push(key);
    if (listed.length === 1) for (const other of ['a/c', 'a/1', 'a/e'].filter((each) => each !== key)) await store.remove(other);
  }
  expect(listed).toEqual(expect.arrayContaining(['a/b/2', 'a/d/4']));
  expect(listed).not.toContain('a/c/3');
});

async function* failing(): AsyncGenerator<Buffer> {
  yield Buffer.from('half');
  throw new Error('the content failed');
}

test('after a failure nothing is left beside the file', async () => {
  await using folder = await createTestFolder();
  const store = openFolderStore(folder.path);
  await expect(store.put('a/b', failing())).rejects.toThrow('the content failed');
  expect(await readdir(join(folder.path, 'a'))).toEqual([]);
});

test('what cannot be written, or read, is the store’s failure', async () => {
  await using folder = await createTestFolder();
  await writeFile(join(folder.path, 'file'), '');
  const store = openFolderStore(folder.path);
  await expect(store.put('file/a', [Buffer.from('a')])).rejects.toThrow(BackupStoreError);
  await mkdir(join(folder.path, 'b'));
  await expect(store.put('b', [Buffer.from('b')])).rejects.toThrow('could not write b');
  expect(await readdir(folder.path)).toEqual(['b', 'file']);
  await expect((await store.get('b')).toArray()).rejects.toThrow('could not read b');
});

test('a disk that is full is the store’s failure', async (context) => {
  context.skip(!existsSync('/dev/full'), 'there is no /dev/full here');
  const content = Readable.from([Buffer.from('a')]);
  const attempt = writeContent(
    { key: 'a', content, signal: undefined },
    async (readable) => await pipeline(readable, createWriteStream('/dev/full')),
  );
  await expect(attempt).rejects.toMatchObject({ name: 'BackupStoreError', cause: { code: 'ENOSPC' } });
});
