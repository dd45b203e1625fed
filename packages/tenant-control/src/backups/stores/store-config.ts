import { fileURLToPath } from 'node:url';
import { z } from 'zod';

/** Where backups are kept. */
export type BackupStoreConfig = FolderStoreConfig | S3StoreConfig;

interface FolderStoreConfig {
  readonly kind: 'folder';
  readonly path: string;
}

export interface S3StoreConfig {
  readonly kind: 's3';
  readonly bucket: string;
  /** Before every key, with its slash at the end; empty for none. */
  readonly prefix: string;
  /** URL of the service, where it is not Amazon's. */
  readonly endpoint: string | null;
  /** Null: where the SDK finds it, such as AWS_REGION. */
  readonly region: string | null;
}

const examples = 'file:///var/backups or s3://bucket/prefix?endpoint=https://s3.example&region=eu-central-1';
const bucketName = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
const keyPrefix = /^(?:[\w-][\w.-]*\/)*$/;
const parameters = new Set(['endpoint', 'region']);

/** `BACKUP_STORE`. Credentials of an S3 store are never in it: they are those that the AWS SDK finds, such as AWS_ACCESS_KEY_ID. */
export const backupStoreVariable = z
  .string()
  .describe(`where backups are kept, for example ${examples}`)
  .transform((text, check): BackupStoreConfig => {
    const config = parseStore(URL.parse(text));
    if (typeof config !== 'string') return config;
    check.addIssue(`must be a URL such as ${examples} (${config})`);
    return z.NEVER;
  });

/** @returns what is wrong with it, without repeating it: somebody may have put a password there */
function parseStore(url: URL | null): BackupStoreConfig | string {
  if (url === null) return 'it is no URL';
  if (url.username !== '' || url.password !== '') return 'credentials do not belong there: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY';
  switch (url.protocol) {
    case 'file:':
      return parseFolder(url);
    case 's3:':
      return parseS3(url);
    default:
      return 'it starts with neither file:// nor s3://';
  }
}

function parseFolder(url: URL): BackupStoreConfig | string {
  if (url.hostname !== '') return 'a folder is named by three slashes, file:///path';
  if (url.search !== '' || url.hash !== '') return 'a folder takes no parameters';
  try {
    return { kind: 'folder', path: fileURLToPath(url) };
  } catch {
    return 'its path is not one';
  }
}

function parseS3({ hostname: bucket, port, pathname, searchParams, hash }: URL): BackupStoreConfig | string {
  if (!bucketName.test(bucket) || port !== '') return 'its host is not the name of a bucket';
  const prefix = pathname.replaceAll(/^\/+|\/+$/g, '').replace(/.$/, '$&/');
  if (!keyPrefix.test(prefix)) return 'its path is not made of letters, digits, hyphens, underscores and dots';
  if (hash !== '' || searchParams.keys().some((name) => !parameters.has(name))) return 'it takes the parameters endpoint and region only';
  const endpoint = searchParams.get('endpoint');
  if (endpoint !== null && !isPlainEndpoint(URL.parse(endpoint)))
    return 'its endpoint is not an http:// or https:// URL without credentials';
  return { kind: 's3', bucket, prefix, endpoint, region: searchParams.get('region') };
}

function isPlainEndpoint(url: URL | null): boolean {
  return (url?.protocol === 'https:' || url?.protocol === 'http:') && url.username === '' && url.password === '' && url.search === '';
}
