import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, statSync } from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { expect, onTestFinished, test } from 'vitest';
import { startEmbeddedPostgres } from './embedded-postgres.ts';
import { AdministratorPasswordError, DataDirectoryInUseError, PortInUseError } from './errors.ts';
import { freePort } from './free-port.ts';

async function temporaryDirectory(mode = 0o755): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'tenantry-embedded-'));
  await chmod(directory, mode);
  onTestFinished(async () => await rm(directory, { recursive: true, force: true }));
  return directory;
}

async function query(url: string, sql: string): Promise<unknown> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query({ text: sql, rowMode: 'array' });
    return rows[0]?.[0];
  } finally {
    await client.end();
  }
}

test('keeps its data and its password from one start to the next, on another port', async () => {
  const options = { directory: await temporaryDirectory(), password: 'p@ss/word' };
  {
    await using first = await startEmbeddedPostgres(options);
    await query(first.url, 'CREATE TABLE kept AS SELECT 42 AS answer');
  }
  await using second = await startEmbeddedPostgres(options);

  await expect(query(second.url, 'SELECT answer FROM kept')).resolves.toBe(42);
});

test('syncs to disk unless it is told not to', async () => {
  await using durable = await startEmbeddedPostgres({ directory: await temporaryDirectory(), password: 'x' });
  await using quick = await startEmbeddedPostgres({ directory: await temporaryDirectory(), password: 'x', durable: false });

  await expect(query(durable.url, 'SHOW fsync')).resolves.toBe('on');
  await expect(query(quick.url, 'SHOW fsync')).resolves.toBe('off');
});

test('lets nobody in without the password', async () => {
  await using postgres = await startEmbeddedPostgres({ directory: await temporaryDirectory(), password: 'right' });

  const url = postgres.url.replace('right', 'wrong');
  await expect(query(url, 'SELECT 1')).rejects.toThrow('password authentication failed');
});

test('refuses a password that the data folder was not made with', async () => {
  const directory = await temporaryDirectory();
  {
    await using _first = await startEmbeddedPostgres({ directory, password: 'right' });
  }

  await expect(startEmbeddedPostgres({ directory, password: 'wrong' })).rejects.toThrow(AdministratorPasswordError);
});

test('names the port that another program has', async () => {
  const port = await freePort();
  const other = createServer().listen(port, '127.0.0.1');
  await once(other, 'listening');
  onTestFinished(async () => {
    other.close();
    await once(other, 'close');
  });

  const start = startEmbeddedPostgres({ directory: await temporaryDirectory(), password: 'x', port });
  await expect(start).rejects.toThrow(PortInUseError);
  await expect(start).rejects.toThrow(`Port ${port}, meant for Postgres,`);
});

test('refuses a data folder that another Postgres runs on, and leaves that one alone', async () => {
  const options = { directory: await temporaryDirectory(), password: 'x' };
  await using first = await startEmbeddedPostgres(options);

  const second = startEmbeddedPostgres(options);
  await expect(second).rejects.toThrow(DataDirectoryInUseError);
  await expect(second).rejects.toThrow(/Another Postgres \(process \d+\) runs on /);
  await expect(query(first.url, 'SELECT 1')).resolves.toBe(1);
});

test('of two first starts at once, one runs and the other one is told so', async () => {
  const options = { directory: await temporaryDirectory(), password: 'x' };

  const starts = await Promise.allSettled([startEmbeddedPostgres(options), startEmbeddedPostgres(options)]);
  const started = starts.filter((start) => start.status === 'fulfilled').map((start) => start.value);
  for (const server of started) onTestFinished(async () => await server[Symbol.asyncDispose]());

  expect(started).toHaveLength(1);
  expect(starts.find((start) => start.status === 'rejected')?.reason).toBeInstanceOf(DataDirectoryInUseError);
  await expect(query(started[0]?.url ?? '', 'SELECT 1')).resolves.toBe(1);
});

test('as root below a folder that only root can enter, keeps its data elsewhere and says where', async (context) => {
  context.skip(process.getuid?.() !== 0, 'only root has Postgres run as another user');
  const directory = join(await temporaryDirectory(0o700), 'postgres');
  const notices: string[] = [];
  const options = { directory, password: 'x', notify: (message: string) => void notices.push(message) };

  await using postgres = await startEmbeddedPostgres(options);
  onTestFinished(async () => await rm(postgres.directory, { recursive: true }));

  expect(postgres.directory).not.toBe(directory);
  expect(existsSync(join(postgres.directory, 'data/PG_VERSION'))).toBe(true);
  expect(notices).toEqual([expect.stringContaining(postgres.directory)]);
  await expect(query(postgres.url, 'SELECT 1')).resolves.toBe(1);
});

test('as root below such a folder, finds its data again, and begins anew once the folder was removed', async (context) => {
  context.skip(process.getuid?.() !== 0, 'only root has Postgres run as another user');
  const directory = join(await temporaryDirectory(0o700), 'postgres');
  const start = async (password: string): Promise<string> => {
    await using postgres = await startEmbeddedPostgres({ directory, password });
    onTestFinished(async () => await rm(postgres.directory, { recursive: true, force: true }));
    return postgres.directory;
  };

  const first = await start('x');
  await expect(start('x')).resolves.toBe(first);
  await rm(directory, { recursive: true });
  await expect(start('another')).resolves.not.toBe(first);
});

test('as root, goes on as the user whose data it is', async (context) => {
  context.skip(process.getuid?.() !== 0, 'only root has Postgres run as another user');
  const options = { directory: await temporaryDirectory(), password: 'x' };
  {
    await using _first = await startEmbeddedPostgres(options);
  }
  const somebody = 54_321;
  execFileSync('chown', ['-R', `${somebody}:${somebody}`, join(options.directory, 'data')]);

  await using postgres = await startEmbeddedPostgres(options);
  await expect(query(postgres.url, 'SELECT 1')).resolves.toBe(1);
  expect(statSync(join(options.directory, 'data/postmaster.pid')).uid).toBe(somebody);
});
