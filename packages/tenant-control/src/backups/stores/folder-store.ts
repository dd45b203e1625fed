import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { pathToFileURL } from 'node:url';
import { BackupStoreError } from '../../errors.ts';
import { assertKey, readContent, StoredFileMissingError, writeContent, type BackupStore, type StoredFile } from './backup-store.ts';

/** Of files that are being written, or whose writer died. No key ends like this. */
const unfinished = '.unfinished~';

const privateFile = 0o600;
const privateFolder = 0o700;

/** A store in a local folder. Only the user of this process can read what it writes. */
export function openFolderStore(root: string): BackupStore {
  const pathOf = (key: string) => {
    assertKey(key);
    return join(root, ...key.split('/'));
  };
  return {
    name: pathToFileURL(root).href,
    put: async (key, content, signal) => {
      const path = pathOf(key);
      await writeContent({ key, content, signal }, async (readable) => await writeFile(path, readable, signal));
    },
    get: async (key, signal) => await openFile(pathOf(key), key, signal),
    list: (folder) => listFiles(root, pathOf(folder), folder),
    remove: async (key) => await removeAll(pathOf(key), key),
    [Symbol.asyncDispose]: async () => {},
  };
}

/** Aside, then renamed: a file of its final name is whole, even after a crash of the machine. */
async function writeFile(path: string, content: Readable, signal: AbortSignal | undefined): Promise<void> {
  const folder = dirname(path);
  const aside = `${path}.${randomUUID()}${unfinished}`;
  const firstMade = await mkdir(folder, { recursive: true, mode: privateFolder });
  try {
    await pipeline(content, createWriteStream(aside, { flags: 'wx', mode: privateFile, flush: true }), { signal });
    await rename(aside, path);
  } catch (error) {
    await rm(aside, { force: true });
    throw error;
  }
  await syncFolders(folder, firstMade === undefined ? folder : dirname(firstMade));
}

/** The folder of a file and those above it, up to the one that has no new entry. */
async function syncFolders(bottom: string, top: string): Promise<void> {
  for (let path = bottom; path.startsWith(top); path = dirname(path)) {
    const folder = await open(path);
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
    if (path === top) return;
  }
}

async function openFile(path: string, key: string, signal: AbortSignal | undefined): Promise<Readable> {
  try {
    const file = await open(path);
    return readContent(key, file.createReadStream({ signal }));
  } catch (error) {
    if (isMissing(error)) throw new StoredFileMissingError(key, { cause: error });
    throw new BackupStoreError('read', key, error);
  }
}

async function* listFiles(root: string, path: string, folder: string): AsyncGenerator<StoredFile> {
  try {
    for await (const file of filesBelow(path)) {
      const found = await unlessMissing(async () => await stat(file));
      if (found) yield { key: relative(root, file).replaceAll(sep, '/'), bytes: found.size, modifiedAt: found.mtime };
    }
  } catch (error) {
    throw new BackupStoreError('list', folder, error);
  }
}

/** Of folders and files that are removed meanwhile, none, and of the others all. */
async function* filesBelow(path: string): AsyncGenerator<string> {
  const entries = (await unlessMissing(async () => await readdir(path, { withFileTypes: true }))) ?? [];
  for (const entry of entries) {
    if (entry.isDirectory()) yield* filesBelow(join(path, entry.name));
    else if (entry.isFile() && !entry.name.endsWith(unfinished)) yield join(path, entry.name);
  }
}

async function unlessMissing<Result>(work: () => Promise<Result>): Promise<Result | null> {
  try {
    return await work();
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

async function removeAll(path: string, key: string): Promise<void> {
  try {
    await rm(path, { recursive: true, force: true });
  } catch (error) {
    throw new BackupStoreError('remove', key, error);
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
}
