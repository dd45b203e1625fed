import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, DatabaseError } from 'pg';
import { initialiseData } from './embedded-postgres-data.ts';
import { findInstallation, type Installation } from './embedded-postgres-installation.ts';
import { AdministratorPasswordError, DataDirectoryInUseError, PortInUseError } from './errors.ts';
import { onFreePort } from './free-port.ts';
import { readPostmasterFile, serverPhase } from './postmaster-file.ts';
import { startSupervised, type SupervisedProcess } from './supervised-process.ts';

export interface EmbeddedPostgresOptions {
  /** Kept between starts; made on the first one. Below a folder that Postgres's user cannot reach, another place is taken. */
  directory: string;
  /** Password of the administrator, `postgres`. It is set on the first start. */
  password: string;
  /** Default: any free port. */
  port?: number;
  /** False trades the data's safety on a crash for speed, for tests. Default true. */
  durable?: boolean;
  /** Settings of the server, such as `max_connections`, that shall differ from those it is given here. */
  settings?: Readonly<Record<string, string>>;
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

/** Milliseconds for a start, the recovery from a crash included. */
const startDeadlineMs = 60_000;
/** Milliseconds that a start waits for the end of an earlier server that is already stopping. */
const stopDeadlineMs = 10_000;
const pollIntervalMs = 25;

/**
 * Starts a real Postgres from the `@embedded-postgres` packages on 127.0.0.1. It stops when disposed of, and when this process
 * ends in any other way.
 *
 * @throws {PortInUseError} @throws {DataDirectoryInUseError} @throws {AdministratorPasswordError}
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const { password, durable = true, settings = {} } = options;
  const installation = await findInstallation(options.directory, options.notify);
  await initialiseData(installation, { password, durable });
  const startOn = async (port: number) => await startServer(installation, { port, password, durable, settings });
  const start = async () => (options.port ? await startOn(options.port) : await onFreePort(startOn));
  return await afterAStoppingOne(installation.dataDirectory, start);
}

/** The server of a process that was killed a moment ago is still stopping: waits for its end instead of failing. */
async function afterAStoppingOne(dataDirectory: string, start: () => Promise<EmbeddedPostgres>): Promise<EmbeddedPostgres> {
  try {
    return await start();
  } catch (error) {
    if (!(error instanceof DataDirectoryInUseError) || (await serverPhase(dataDirectory)) === 'running') throw error;
  }
  await waitWhile(async () => (await serverPhase(dataDirectory)) === 'stopping', stopDeadlineMs);
  return await start();
}

interface ServerOptions {
  port: number;
  password: string;
  durable: boolean;
  settings: Readonly<Record<string, string>>;
}

async function startServer(installation: Installation, options: ServerOptions): Promise<EmbeddedPostgres> {
  const { directory, dataDirectory } = installation;
  const { port } = options;
  const url = `postgres://postgres:${encodeURIComponent(options.password)}@127.0.0.1:${port}/postgres`;
  const server = await launch(installation, options);
  try {
    const isReady = await waitWhile(async () => !server.hasEnded() && !(await saysReady(dataDirectory, server.pid)), startDeadlineMs);
    if (server.hasEnded() || !isReady) throw await explainFailure(server, port, installation);
    await assertPasswordFits(url, dataDirectory);
    return { url, port, directory, [Symbol.asyncDispose]: async () => await server[Symbol.asyncDispose]() };
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
}

async function launch({ binaries, directory, dataDirectory, user }: Installation, options: ServerOptions): Promise<SupervisedProcess> {
  const settings = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: '300',
    shared_buffers: '128MB',
    ...(options.durable ? {} : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }),
    ...options.settings,
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  return await startSupervised({
    command: join(binaries, 'postgres'),
    args: ['-D', dataDirectory, '-p', String(options.port), ...flags],
    stopSignal: 'INT',
    cwd: dataDirectory,
    logFile: logFile(directory),
    user,
  });
}

/** The server's own word, not an answer on the port: that may come from somebody else's Postgres. */
async function saysReady(dataDirectory: string, pid: number): Promise<boolean> {
  const file = await readPostmasterFile(dataDirectory);
  return file?.pid === pid && file.status === 'ready';
}

async function explainFailure(server: SupervisedProcess, port: number, { directory, dataDirectory }: Installation): Promise<Error> {
  if (!server.hasEnded()) return new Error(`Postgres was not ready after ${startDeadlineMs} ms; see ${logFile(directory)}`);
  // Every line of the log names its process: another start may write there, too.
  const lines = (await server.readLog()).split('\n').filter((line) => line.includes(`[${server.pid}]`));
  const logged = lines.join('\n');
  if (logged.includes('"postmaster.pid" already exists')) {
    return new DataDirectoryInUseError(dataDirectory, Number(/PID (\d+)/.exec(logged)?.[1]) || null);
  }
  if (/could not bind .*: Address already in use/.test(logged)) return new PortInUseError(port, 'Postgres');
  return new Error(`Postgres ended while starting; the end of ${logFile(directory)}:\n${lines.slice(-5).join('\n')}`);
}

async function assertPasswordFits(url: string, dataDirectory: string): Promise<void> {
  const client = new Client({ connectionString: url });
  try {
    await client.connect();
  } catch (cause) {
    const invalidPassword = '28P01';
    if (cause instanceof DatabaseError && cause.code === invalidPassword) throw new AdministratorPasswordError(dataDirectory, { cause });
    throw cause;
  } finally {
    await client.end();
  }
}

/** Polls until `condition` is false; false if it held for all of `deadlineMs`. */
async function waitWhile(condition: () => Promise<boolean>, deadlineMs: number): Promise<boolean> {
  const deadline = Date.now() + deadlineMs;
  while (await condition()) {
    if (Date.now() > deadline) return false;
    await sleep(pollIntervalMs);
  }
  return true;
}

const logFile = (directory: string) => join(directory, 'postgres.log');
