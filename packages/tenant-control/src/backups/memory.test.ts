import { execFile } from 'node:child_process';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { createTestDatabase, createTestFolder, type TestDatabase, type TestFolder } from './testing/databases.ts';
import { s3Credentials, startS3Server, type S3Server } from './testing/s3-server.ts';

const server = inject('postgresUrl');
const cleanup = new AsyncDisposableStack();
const mebibyte = 1024 * 1024;
let small: TestDatabase;
let large: TestDatabase;
let folder: TestFolder;
let s3: S3Server;

const table = 'CREATE TABLE documents (id int PRIMARY KEY, body text NOT NULL)';
/** 100,000 rows of 2 KiB of hexadecimal digits, which compress to half. */
const rows = 100_000;
const dataBytes = rows * 2048;
const fill = `
  INSERT INTO documents SELECT n, string_agg(encode(sha512(random()::text::bytea), 'hex'), '')
  FROM generate_series(1, ${rows}) AS n, generate_series(1, 16) GROUP BY n`;

beforeAll(async () => {
  small = cleanup.use(await createTestDatabase(server));
  large = cleanup.use(await createTestDatabase(server));
  folder = cleanup.use(await createTestFolder());
  s3 = cleanup.use(await startS3Server());
  await small.query(`${table}; INSERT INTO documents VALUES (1, 'one')`);
  await large.query(`${table}; ${fill}`);
});
afterAll(async () => await cleanup.disposeAsync());

/** Bytes of memory, with a small nursery: what is garbage is not counted for long. */
async function growthOf(deed: 'dump' | 'restore' | 'export', store: string, key: string): Promise<number> {
  const script = fileURLToPath(import.meta.resolve('./testing/measured-child.ts'));
  const { stdout } = await promisify(execFile)(process.execPath, ['--max-semi-space-size=1', script, deed, store, key], {
    env: { ...process.env, ...s3Credentials, DATABASE_URL: large.url, WARM_UP_URL: small.url },
  });
  const bytes = Number(stdout);
  console.log(
    `${deed}, ${new URL(store).protocol} ${Math.round(bytes / mebibyte)} MiB of memory for ${Math.round(dataBytes / mebibyte)} MiB of data`,
  );
  return bytes;
}

// Who holds all of the data, even compressed, needs more.
const bound = dataBytes / 2;

test('backup, export and restore hold a small part of the data in memory at a time', async () => {
  const store = pathToFileURL(folder.path).href;
  expect(await growthOf('dump', store, 'all')).toBeLessThan(bound / 2);
  expect(await growthOf('export', store, 'exported')).toBeLessThan(bound / 2);
  expect(await growthOf('restore', store, 'all')).toBeLessThan(bound / 2);
}, 120_000);

test('so does a backup to S3, which is uploaded by parts', async () => {
  expect(await growthOf('dump', `s3://${s3.bucket}/?endpoint=${s3.endpoint}`, 'all')).toBeLessThan(bound);
}, 60_000);
