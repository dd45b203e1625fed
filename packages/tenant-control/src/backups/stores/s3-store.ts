import { DeleteObjectCommand, GetObjectCommand, NoSuchKey, paginateListObjectsV2, S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import pLimit from 'p-limit';
import { Readable } from 'node:stream';
import { BackupStoreError } from '../../errors.ts';
import { assertKey, readContent, StoredFileMissingError, writeContent, type BackupStore, type StoredFile } from './backup-store.ts';
import type { S3StoreConfig } from './store-config.ts';

/** At most 10,000 parts make a file (S3 User Guide, "Multipart upload limits"): 78 GiB, compressed. */
const partBytes = 8 * 1024 * 1024;
/** Of one file, in memory at a time. */
const concurrentParts = 2;
const concurrentRemovals = 8;

const connectDeadlineMs = 5_000;
/** Without a byte of an answer, or of what is sent. */
const silenceDeadlineMs = 60_000;
const attempts = 5;

/**
 * A store in a bucket of any service that speaks S3's protocol. It needs the rights to get, put, list and delete objects, and to abort
 * multipart uploads. Of an upload whose process died, the bucket keeps the parts, which nobody can read, until a lifecycle rule
 * (AbortIncompleteMultipartUpload) removes them: give it one. In a bucket with versions, what is removed remains as a version.
 */
export function openS3Store(config: S3StoreConfig): BackupStore {
  const { bucket: Bucket, prefix } = config;
  const client = new S3Client(clientConfig(config));
  const objectKey = (key: string) => {
    assertKey(key);
    return `${prefix}${key}`;
  };
  return {
    name: nameOf(config),
    put: async (key, content, signal) => {
      const Key = objectKey(key);
      await writeContent({ key, content, signal }, async (body) => await upload(client, { Bucket, Key }, body, signal));
    },
    get: async (key, signal) => await download(client, { Bucket, Key: objectKey(key) }, key, signal),
    list: (folder) => listFiles(client, { Bucket, Prefix: `${objectKey(folder)}/` }, prefix),
    remove: async (key) => {
      const limit = pLimit(concurrentRemovals);
      const keys = [objectKey(key)];
      for await (const file of listFiles(client, { Bucket, Prefix: `${objectKey(key)}/` }, '')) keys.push(file.key);
      // One by one: not every service has DeleteObjects, or takes the checksum that the SDK sends with it.
      await Promise.all(keys.map(async (Key) => await limit(async () => await removeObject(client, { Bucket, Key }))));
    },
    [Symbol.asyncDispose]: async () => client.destroy(),
  };
}

function clientConfig({ endpoint, region }: S3StoreConfig): S3ClientConfig {
  return {
    ...(region !== null && { region }),
    ...(endpoint !== null && { endpoint, forcePathStyle: true }),
    maxAttempts: attempts,
    requestHandler: { connectionTimeout: connectDeadlineMs, socketTimeout: silenceDeadlineMs },
    // Other services do not know the newer checksums. A backup has its own.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  };
}

function nameOf({ bucket, prefix, endpoint, region }: S3StoreConfig): string {
  const url = new URL(`s3://${bucket}/${prefix}`);
  if (endpoint !== null) url.searchParams.set('endpoint', endpoint);
  if (region !== null) url.searchParams.set('region', region);
  return url.href;
}

interface ObjectAddress {
  readonly Bucket: string;
  readonly Key: string;
}

async function upload(client: S3Client, address: ObjectAddress, Body: Readable, signal: AbortSignal | undefined): Promise<void> {
  // Ends the upload as any failure of the content does, which waits until the parts that were sent are given up.
  const stop = () => void Body.destroy(signal?.reason);
  signal?.addEventListener('abort', stop, { once: true });
  try {
    await new Upload({ client, params: { ...address, Body }, partSize: partBytes, queueSize: concurrentParts }).done();
  } finally {
    signal?.removeEventListener('abort', stop);
    // The content is not read on.
    Body.destroy();
  }
}

async function download(client: S3Client, address: ObjectAddress, key: string, signal: AbortSignal | undefined): Promise<Readable> {
  try {
    const { Body } = await client.send(new GetObjectCommand(address), { ...(signal && { abortSignal: signal }) });
    if (!(Body instanceof Readable)) throw new Error('The answer has no body.');
    return readContent(key, Body);
  } catch (error) {
    if (error instanceof NoSuchKey) throw new StoredFileMissingError(key, { cause: error });
    throw new BackupStoreError('read', key, error);
  }
}

async function* listFiles(client: S3Client, range: { Bucket: string; Prefix: string }, prefix: string): AsyncGenerator<StoredFile> {
  try {
    for await (const { Contents = [] } of paginateListObjectsV2({ client }, range)) {
      for (const { Key = '', Size = 0, LastModified = new Date(0) } of Contents) {
        yield { key: Key.slice(prefix.length), bytes: Size, modifiedAt: LastModified };
      }
    }
  } catch (error) {
    throw new BackupStoreError('list', range.Prefix, error);
  }
}

async function removeObject(client: S3Client, address: ObjectAddress): Promise<void> {
  try {
    await client.send(new DeleteObjectCommand(address));
  } catch (error) {
    throw new BackupStoreError('remove', address.Key, error);
  }
}
