import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, open, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import pg from 'pg';
import { findInstallation, type Installation } from './embedded-postgres-installation.ts';

export interface EmbeddedPostgresOptions {
  /** Kept between starts; made on the first one. Below a folder that Postgres's user cannot reach, another place is taken. */
  directory: string;
  /** Password of the administrator, `postgres`. It is set on the first start. */
  password: string;
  /** Default: any free port. */
  port?: number;
  /** False trades the data's safety on a crash for speed, for tests. Default true. */
  durable?: boolean;
  /** Told, in a sentence each, what a person should know of an unusual start. */
  notify?: (message: string) => void;
}

export interface EmbeddedPostgres extends AsyncDisposable {
  /** The administrator's connection URL, of the database `postgres`. */
  readonly url: string;
  readonly port: number;
  /** Where the data and the server's log really are. */
  readonly directory: string;
}

/** Raised when the port asked for is taken. */
export class PortInUseError extends Error {
  readonly port: number;

  constructor(port: number, what: string) {
    super(`Port ${port}, meant for ${what}, is in use by another program.`);
    this.name = 'PortInUseError';
    this.port = port;
  }
}

const startDeadlineMs = 30_000;
const pollIntervalMs = 25;

/**
 * Runs Postgres with `"$@"` so that it never outlives this process: a watcher holds the other end of a pipe from us, and asks
 * Postgres for a fast shutdown when the pipe closes, whether by `dispose` or because this process was killed.
 */
const supervise = 'exec 3<&0 </dev/null; ( ( cat <&3 >/dev/null; kill -INT $$ 2>/dev/null ) & ); exec 3<&-; exec "$@"';

/** Starts a real Postgres from the `@embedded-postgres` packages on 127.0.0.1. */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const installation = await findInstallation(options.directory, options.notify);
  const port = options.port || (await freePort());
  await assertPortIsFree(port);
  await initialise(installation, options.password);

  const url = `postgres://postgres:${encodeURIComponent(options.password)}@127.0.0.1:${port}/postgres`;
  const logFile = join(installation.directory, 'postgres.log');
  const server = await launch(installation, port, options.durable ?? true, logFile);
  try {
    await waitUntilReady(server, url, logFile);
  } catch (error) {
    await stop(server);
    throw error;
  }
  return { url, port, directory: installation.directory, [Symbol.asyncDispose]: async () => await stop(server) };
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port was given');
  return address.port;
}

async function assertPortIsFree(port: number): Promise<void> {
  const server = createServer().listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') throw new PortInUseError(port, 'Postgres');
    throw error;
  }
  server.close();
  await once(server, 'close');
}

async function initialise({ binaries, dataDirectory, directory, user, isInitialised }: Installation, password: string): Promise<void> {
  if (isInitialised) return;
  const passwordFile = join(directory, 'initial-password');
  await writeFile(passwordFile, password, { mode: 0o644 });
  try {
    const encoding = ['--encoding=UTF8', '--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--locale=C'];
    const access = ['--auth=scram-sha-256', '--username=postgres', `--pwfile=${passwordFile}`];
    await promisify(execFile)(join(binaries, 'initdb'), [`--pgdata=${dataDirectory}`, ...access, ...encoding], { ...user });
  } catch (cause) {
    await rm(dataDirectory, { recursive: true, force: true });
    throw new Error(`initdb could not make ${dataDirectory}`, { cause });
  } finally {
    await rm(passwordFile, { force: true });
  }
}

async function launch({ binaries, dataDirectory, user }: Installation, port: number, durable: boolean, logFile: string): Promise<ChildProcess> {
  const settings = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: '200',
    shared_buffers: '128MB',
    ...(durable ? {} : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }),
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const log = await open(logFile, 'a');
  try {
    const command = [join(binaries, 'postgres'), '-D', dataDirectory, '-p', String(port), ...flags];
    // A session of its own: Ctrl-C at a terminal is for us to hear first, and Postgres stops after its clients have.
    return spawn('/bin/sh', ['-c', supervise, 'postgres', ...command], {
      ...user,
      cwd: dataDirectory,
      detached: true,
      stdio: ['pipe', log.fd, log.fd],
    });
  } finally {
    await log.close();
  }
}

async function waitUntilReady(server: ChildProcess, url: string, logFile: string): Promise<void> {
  const deadline = Date.now() + startDeadlineMs;
  let lastError: unknown;
  while (Date.now() < deadline) {
    if (server.exitCode !== null) throw new Error(`Postgres ended with status ${server.exitCode} while starting; see ${logFile}`);
    const client = new pg.Client({ connectionString: url });
    try {
      await client.connect();
      await client.end();
      return;
    } catch (error) {
      lastError = error;
      if (error instanceof pg.DatabaseError && error.code === '28P01') {
        throw new Error('Postgres refused the stored password of its administrator: the data folder belongs to another password.', {
          cause: error,
        });
      }
      await sleep(pollIntervalMs);
    }
  }
  throw new Error(`Postgres was not ready after ${startDeadlineMs} ms; see ${logFile}`, { cause: lastError });
}

async function stop(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const exited = once(server, 'exit');
  server.stdin?.end();
  await exited;
}

/** Makes sure that `directory` exists, for callers that put more than Postgres into it. */
export async function ensureDirectory(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o755 });
}
