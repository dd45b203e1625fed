import { finished, PassThrough, Readable } from 'node:stream';
import { BackupStoreError } from '../../errors.ts';

/** A file in a store. */
export interface StoredFile {
  readonly key: string;
  readonly bytes: number;
  readonly modifiedAt: Date;
}

export type Content = Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

/**
 * Where backups and exports are kept: files, by keys such as `tenants/7d…/0001.zst`, whose parts are letters, digits, `-`, `_` and `.`.
 * What fails throws a {BackupStoreError}.
 */
export interface BackupStore extends AsyncDisposable {
  /** As BACKUP_STORE has it. */
  readonly name: string;
  /**
   * Replaces what was there: afterwards all of the file is there, safely, or nothing of it. What it takes of memory does not depend on
   * the content. An error of the content itself is thrown as it is.
   */
  put(key: string, content: Content, signal?: AbortSignal): Promise<void>;
  /** Ends with a {BackupStoreError} when the store breaks off. @throws {StoredFileMissingError} */
  get(key: string, signal?: AbortSignal): Promise<Readable>;
  /** All whole files below a folder, in no particular order. */
  list(folder: string): AsyncIterable<StoredFile>;
  /** The file of this key, and everything below the folder of this key. None there is fine. */
  remove(keyOrFolder: string): Promise<void>;
}

/** Raised when a store has no file of a key. */
export class StoredFileMissingError extends Error {
  override readonly name = 'StoredFileMissingError';

  constructor(key: string, options?: ErrorOptions) {
    super(`The store has no file ${key}.`, options);
  }
}

const keyPattern = /^[\w-][\w.-]*(?:\/[\w-][\w.-]*)*$/;

/** @throws when a key could lead out of its store, or means different things to different stores */
export function assertKey(key: string): void {
  if (!keyPattern.test(key)) throw new Error(`${JSON.stringify(key)} is no key of a file in a backup store.`);
}

/**
 * Has `write` store `content`, and tells apart which of the two failed.
 *
 * @throws {BackupStoreError} when it was the store
 */
export async function writeContent(
  { key, content, signal }: { key: string; content: Content; signal: AbortSignal | undefined },
  write: (content: Readable) => Promise<unknown>,
): Promise<void> {
  signal?.throwIfAborted();
  const failures: Error[] = [];
  const source = content instanceof Readable ? content : Readable.from(content, { objectMode: false });
  const relayed = relay(source, (error) => {
    failures.push(error);
    return error;
  });
  try {
    await write(relayed);
  } catch (cause) {
    signal?.throwIfAborted();
    throw failures[0] ?? new BackupStoreError('write', key, cause);
  }
}

/** What a store gives of a file. */
export function readContent(key: string, source: Readable): Readable {
  return relay(source, (cause) => new BackupStoreError('read', key, cause));
}

/**
 * Runs `read`, which takes all of a file that a store has given. When both fail it was the store: what its content went into has only
 * stumbled over that.
 */
export async function blamingStore<Result>(file: Readable, read: () => Promise<Result>): Promise<Result> {
  const failures: BackupStoreError[] = [];
  file.once('error', (error) => {
    if (error instanceof BackupStoreError) failures.push(error);
  });
  try {
    return await read();
  } catch (error) {
    throw failures[0] ?? error;
  }
}

/**
 * Lets everything through. A pipeline destroys its source with the error of whatever fails behind it; here, `explain` gets what the source
 * itself failed with, and nothing else.
 */
function relay(source: Readable, explain: (error: Error) => Error): Readable {
  const through = new PassThrough();
  finished(source, { writable: false }, (error) => {
    if (error && !through.destroyed) through.destroy(explain(error));
  });
  through.once('close', () => void source.destroy());
  // It may come before anybody reads, who is then told.
  through.on('error', () => {});
  return source.pipe(through);
}
