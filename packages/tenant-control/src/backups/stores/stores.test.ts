import { createHash, randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import pLimit from 'p-limit';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { BackupStoreError } from '../../errors.ts';
import { createTestFolder } from '../testing/databases.ts';
import { s3Credentials, startS3Server, type S3Server } from '../testing/s3-server.ts';
import { StoredFileMissingError, type BackupStore } from './backup-store.ts';
import { openBackupStore } from './open-store.ts';

let s3: S3Server;

beforeAll(async () => {
  s3 = await startS3Server();
  for (const [name, value] of Object.entries(s3Credentials)) vi.stubEnv(name, value);
});
afterAll(async () => {
  await s3[Symbol.asyncDispose]();
  vi.unstubAllEnvs();
});

const kinds: Record<string, () => Promise<BackupStore>> = {
  folder: async () => {
    const folder = await createTestFolder();
    onTestFinished(async () => await folder[Symbol.asyncDispose]());
    return await openBackupStore({ kind: 'folder', path: `${folder.path}/not/there yet` });
  },
  s3: async () => {
    const store = await openBackupStore({ ...config(), prefix: `${randomBytes(4).toString('hex')}/of-tests/`, region: null });
    onTestFinished(async () => await store[Symbol.asyncDispose]());
    return store;
  },
};

async function keysIn(store: BackupStore, folder: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list(folder)) keys.push(key);
  return keys.toSorted();
}

const text = async (store: BackupStore, key: string) => (await buffer(await store.get(key))).toString();
const bytesOf = (...parts: string[]) => parts.map((part) => Buffer.from(part));
const megabyte = randomBytes(1024 * 1024);

/** The last of `count` + 1 pieces never comes. */
async function* failing(count: number, failure: Error): AsyncGenerator<Buffer> {
  yield* megabytes(count);
  throw failure;
}

async function* endless(): AsyncGenerator<Buffer> {
  for (;;) {
    yield megabyte;
    await sleep(1);
  }
}

async function* megabytes(count: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < count; at += 1) yield megabyte;
}

describe.each(Object.entries(kinds))('a store of the kind %s', (_kind, open) => {
  test('gives back what it was given', async () => {
    const store = await open();
    await store.put('a/one', bytesOf('first', ' and second'));
    await store.put('a/nothing', []);
    expect(await text(store, 'a/one')).toBe('first and second');
    expect(await text(store, 'a/nothing')).toBe('');
    await store.put('a/one', bytesOf('replaced'));
    expect(await text(store, 'a/one')).toBe('replaced');
  });

  test('holds large files', async () => {
    const store = await open();
    await store.put('a/large', megabytes(50));
    const hash = createHash('sha256');
    for await (const chunk of await store.get('a/large')) hash.update(chunk);
    const expected = createHash('sha256');
    for await (const chunk of megabytes(50)) expected.update(chunk);
    expect(hash.digest('hex')).toBe(expected.digest('hex'));
  });

  test('lists and removes what is in a folder, and nothing beside it', async () => {
    const store = await open();
    for (const key of ['a/b/1', 'a/b/c/2', 'a/bc/3', 'a/b-4', 'd']) await store.put(key, bytesOf('12345'));
    expect(await keysIn(store, 'a/b')).toEqual(['a/b/1', 'a/b/c/2']);
    expect(await keysIn(store, 'nothing')).toEqual([]);
    const files = await Readable.from(store.list('a/bc')).toArray();
    expect(files).toEqual([{ key: 'a/bc/3', bytes: 5, modifiedAt: expect.any(Date) }]);
    expect(Math.abs(Date.now() - Number(files[0]?.modifiedAt))).toBeLessThan(60_000);

    await store.remove('a/b');
    await store.remove('d');
    await store.remove('nothing');
    expect(await keysIn(store, 'a')).toEqual(['a/b-4', 'a/bc/3']);
    await expect(store.get('d')).rejects.toThrow(StoredFileMissingError);
  });

  test('has no file that it was never given', async () => {
    const store = await open();
    await expect(store.get('a/missing')).rejects.toThrow(StoredFileMissingError);
  });

  test.each(['', '/a', 'a/', 'a//b', '../a', 'a/../../b', 'a/.hidden', 'a b', 'ä', 'a\0', 'a\\b'])('refuses the key %j', async (key) => {
    const store = await open();
    await expect(store.put(key, [])).rejects.toThrow('is no key');
    await expect(store.get(key)).rejects.toThrow('is no key');
    await expect(store.remove(key)).rejects.toThrow('is no key');
  });

  test.each([0, 1, 40])('keeps nothing of content that fails after %s MiB, and what was there', async (count) => {
    const store = await open();
    const failure = new Error('the content failed');
    await expect(store.put('a/new', failing(count, failure))).rejects.toBe(failure);
    expect(await keysIn(store, 'a')).toEqual([]);
    await store.put('a/old', bytesOf('old'));
    await expect(store.put('a/old', failing(count, failure))).rejects.toBe(failure);
    expect(await text(store, 'a/old')).toBe('old');
  });

  test('keeps nothing of content whose storing is aborted', async () => {
    const store = await open();
    const abort = new AbortController();
    setTimeout(() => abort.abort(new Error('enough')), 300);
    await expect(store.put('a/new', endless(), abort.signal)).rejects.toThrow('enough');
    expect(await keysIn(store, 'a')).toEqual([]);
    await expect(store.put('a/new', bytesOf('x'), abort.signal)).rejects.toThrow('enough');
    expect(await keysIn(store, 'a')).toEqual([]);
  });
});

const config = () => ({ kind: 's3', bucket: s3.bucket, prefix: 'x/', endpoint: s3.endpoint, region: 'us-east-1' }) as const;

describe('an S3 store', () => {
  test('lists more than one answer holds', async () => {
    await using store = await openBackupStore(config());
    const keys = Array.from({ length: 1005 }, (_none, at) => `many/${String(at).padStart(4, '0')}`);
    const limit = pLimit(8);
    await Promise.all(keys.map(async (key) => await limit(async () => await store.put(key, []))));
    expect(await keysIn(store, 'many')).toEqual(keys);
  });

  test('gives an upload up whose content fails', async () => {
    await using store = await openBackupStore(config());
    await expect(store.put('given-up', failing(40, new Error('the content failed')))).rejects.toThrow('the content failed');
    expect(s3.requests.findLast((request) => request.startsWith('DELETE'))).toMatch(/^DELETE \/backups\/x\/given-up\?uploadId=/);
  });

  test('says what it could not do, and nothing more', async () => {
    await using store = await openBackupStore({ ...config(), bucket: 'no-such-bucket' });
    const error = await store.put('a', bytesOf('a')).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(BackupStoreError);
    expect(String(error)).toBe('BackupStoreError: The store of backups could not write a.');
    await expect(store.get('a')).rejects.toThrow(BackupStoreError);
    await expect(keysIn(store, 'a')).rejects.toThrow(BackupStoreError);
    await expect(store.remove('a')).rejects.toThrow(BackupStoreError);
  });

  test('says so when its service does not answer', async () => {
    await using store = await openBackupStore({ ...config(), endpoint: 'http://127.0.0.1:9' });
    await expect(keysIn(store, 'a')).rejects.toThrow(BackupStoreError);
  });

  test('is named as the setting has it', async () => {
    await using store = await openBackupStore(config());
    expect(store.name).toBe(`s3://backups/x/?endpoint=${encodeURIComponent(s3.endpoint)}&region=us-east-1`);
  });
});
