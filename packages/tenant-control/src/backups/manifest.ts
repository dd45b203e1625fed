import { createHash } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { parseJson } from '@tenantry/service';
import { z } from 'zod';
import { BackupDamagedError, BackupNotFoundError } from '../errors.ts';
import { StoredFileMissingError, type BackupStore } from './stores/backup-store.ts';

/** Of what is written here. What reads a manifest refuses one of a later format. */
const formatVersion = 1;

const manifestFile = 'manifest.json';

const hexDigest = z.string().regex(/^[0-9a-f]{64}$/);
const count = z.int().nonnegative();
const fileName = z.string().regex(/^[\w-][\w.-]*(?:\/[\w-][\w.-]*)*$/);
const moment = z.iso.datetime();

const tableData = z.object({
  schema: z.string(),
  name: z.string(),
  /** Those that were written, in this order. */
  columns: z.array(z.object({ name: z.string(), type: z.string() })),
  rows: count,
  /** Of the text format of COPY, as is `sha256`: whatever it is compressed with, and in whatever format the backup is. */
  bytes: count,
  sha256: hexDigest,
});

const shared = z.object({
  formatVersion: z.literal(formatVersion),
  tenantId: z.string(),
  /** Name of the newest migration; null where none was applied. */
  schemaVersion: z.string().nullable(),
  /** All that were applied, by name; the checksum is Prisma's, SHA-256 of `migration.sql`. */
  migrations: z.array(z.object({ name: z.string(), checksum: z.string() })),
  sequences: z.array(z.object({ schema: z.string(), name: z.string(), value: z.string().regex(/^-?\d+$/), isCalled: z.boolean() })),
  /** Of the server. */
  postgresVersion: z.string(),
  startedAt: moment,
  finishedAt: moment,
  /** Of all files but this one, as they are in the store. */
  storedBytes: count,
});

const copyManifest = shared.extend({
  format: z.literal('COPY'),
  compression: z.literal('zstd'),
  /** With what each is in the store: {@link Stored}. */
  tables: z.array(tableData.extend({ file: fileName, storedBytes: count, storedSha256: hexDigest })),
});

const archiveManifest = shared.extend({
  format: z.literal('PG_DUMP'),
  /** Of `pg_dump`. */
  clientVersion: z.string(),
  archive: z.object({ file: fileName, bytes: count, sha256: hexDigest }),
  tables: z.array(tableData),
});

const backupManifest = z.discriminatedUnion('format', [copyManifest, archiveManifest]);

/** What a table held when it was backed up. */
export type TableData = z.output<typeof tableData>;
export type CopyManifest = z.output<typeof copyManifest>;
export type ArchiveManifest = z.output<typeof archiveManifest>;
/** What a backup holds, and how to tell that it is whole. The last file to be written: without it there is no backup. */
export type BackupManifest = z.output<typeof backupManifest>;
export type AppliedMigration = BackupManifest['migrations'][number];

export interface StoredManifest<Manifest> {
  readonly manifest: Manifest;
  /** SHA-256, in hexadecimal, of the manifest's file, which holds those of all others. */
  readonly checksum: string;
}

/** In the file, the manifest is beside its own checksum, which tells damage; only {@link StoredManifest.checksum} tells who changes both. */
const envelope = z.object({ checksum: hexDigest, manifest: z.unknown() });

/** @throws {BackupStoreError} */
export async function writeManifest<Body extends object>(
  store: BackupStore,
  key: string,
  body: Body,
  signal: AbortSignal | undefined,
): Promise<StoredManifest<Body & { formatVersion: typeof formatVersion }>> {
  const manifest = { formatVersion, ...body } as const;
  const file = Buffer.from(JSON.stringify({ checksum: digest(JSON.stringify(manifest)), manifest }, null, 2));
  await store.put(manifestKey(key), [file], signal);
  return { manifest, checksum: digest(file) };
}

/**
 * @param expectedChecksum what {@link StoredManifest.checksum} was when the backup was made; without it, a manifest that somebody has
 * replaced by another valid one is taken
 * @throws {BackupNotFoundError} {BackupDamagedError} {BackupStoreError}
 */
export async function readManifest(
  store: BackupStore,
  key: string,
  { expectedChecksum, signal }: { expectedChecksum?: string | undefined; signal?: AbortSignal | undefined } = {},
): Promise<StoredManifest<BackupManifest>> {
  const file = await readWhole(store, key, signal);
  const checksum = digest(file);
  if (expectedChecksum !== undefined && checksum !== expectedChecksum) {
    throw new BackupDamagedError(key, 'its manifest is not the one that was written');
  }
  return { manifest: parseManifest(file.toString(), key), checksum };
}

function parseManifest(text: string, key: string): BackupManifest {
  const { data: wrapped } = envelope.safeParse(parseJson(text));
  if (wrapped === undefined || digest(JSON.stringify(wrapped.manifest)) !== wrapped.checksum) {
    throw new BackupDamagedError(key, 'its manifest was changed or cut off');
  }
  const { data: manifest } = backupManifest.safeParse(wrapped.manifest);
  if (manifest === undefined) {
    throw new BackupDamagedError(key, 'its manifest is not that of a backup, or of a later version of Tenantry');
  }
  return manifest;
}

/** The file without which nothing is a backup. */
export function manifestKey(key: string): string {
  return `${key}/${manifestFile}`;
}

async function readWhole(store: BackupStore, key: string, signal: AbortSignal | undefined): Promise<Buffer> {
  try {
    return await buffer(await store.get(manifestKey(key), signal));
  } catch (error) {
    throw error instanceof StoredFileMissingError ? new BackupNotFoundError(key) : error;
  }
}

function digest(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
