import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chown, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { PortInUseError, ServerAbsentError } from './errors.ts';
import { onFreePort } from './free-port.ts';
import { authFileOf, pgBouncerIni, type PgBouncerConfig } from './pgbouncer-config.ts';
import { serverUser } from './server-user.ts';
import { startSupervised, type SupervisedProcess } from './supervised-process.ts';

export interface PgBouncerOptions {
  /** The Postgres behind it. */
  server: { host: string; port: number };
  /** What its `auth_file` holds: passwords or SCRAM secrets by name. Default none. */
  users?: Readonly<Record<string, string>>;
  /** Of the section `[pgbouncer]`, such as `auth_query`, in addition to those it is given here or instead of them. */
  settings?: Readonly<Record<string, string>>;
}

/** A PgBouncer on 127.0.0.1, in transaction mode unless its settings say otherwise. */
export interface PgBouncer extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /** Runs a command of its admin console, such as `SHOW POOLS`. */
  administer<Row>(command: string): Promise<Row[]>;
  /** Ends it at once, with all its connections. */
  stop(): Promise<void>;
  /** Starts it again where it was, after {@link stop}. */
  start(): Promise<void>;
}

const host = '127.0.0.1';
const startDeadlineMs = 10_000;
const pollIntervalMs = 20;

/** Debian's place is not on every user's PATH. */
const places = ['pgbouncer', '/usr/sbin/pgbouncer'];

/** The version of this machine's `pgbouncer`, such as `1.18.0`; null where there is none. */
export function pgBouncerVersion(): string | null {
  const command = findCommand();
  if (command === undefined) return null;
  return /PgBouncer (\S+)/.exec(spawnSync(command, ['--version'], { encoding: 'utf8' }).stdout)?.[1] ?? 'of unknown version';
}

/**
 * Starts this machine's `pgbouncer` on a free port, in a folder of its own. It stops when disposed of, and when this process ends in any
 * other way.
 *
 * @throws {ServerAbsentError} where there is none
 */
export async function startPgBouncer(options: PgBouncerOptions): Promise<PgBouncer> {
  const command = findCommand();
  if (command === undefined) throw new ServerAbsentError('no pgbouncer is on the PATH');
  return await onFreePort(async (port) => await startOn(port, command, options));
}

function findCommand(): string | undefined {
  return places.find((place) => spawnSync(place, ['--version'], { stdio: 'ignore' }).status === 0);
}

async function startOn(port: number, command: string, { server, users = {}, settings = {} }: PgBouncerOptions): Promise<PgBouncer> {
  await using cleanup = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), 'tenantry-pgbouncer-'));
  cleanup.defer(async () => await rm(directory, { recursive: true, force: true }));
  const administrator = { name: 'administrator', password: randomBytes(16).toString('hex') };
  const authFile = join(directory, 'users');
  await writeConfig(directory, { port, server, administrator, authFile, settings }, users);

  const start = async () => await launch(command, directory, port);
  let running: SupervisedProcess | null = await start();
  const stop = async () => {
    await running?.[Symbol.asyncDispose]();
    running = null;
  };
  cleanup.defer(stop);
  const owned = cleanup.move();
  return {
    host,
    port,
    administer: async (sql) => await runAdminCommand(port, administrator, sql),
    stop,
    start: async () => void (running ??= await start()),
    [Symbol.asyncDispose]: async () => await owned.disposeAsync(),
  };
}

/** The files hold secrets: only the user as whom it runs may read them. */
async function writeConfig(directory: string, config: PgBouncerConfig, users: Readonly<Record<string, string>>): Promise<void> {
  const { uid, gid } = serverUser('PgBouncer');
  const { name, password } = config.administrator;
  const ini = join(directory, 'pgbouncer.ini');
  await writeFile(ini, pgBouncerIni(config), { mode: 0o600 });
  await writeFile(config.authFile, authFileOf({ ...users, [name]: password }), { mode: 0o600 });
  if (uid === undefined || gid === undefined) return;
  for (const path of [ini, config.authFile, directory]) await chown(path, uid, gid);
}

async function launch(command: string, directory: string, port: number): Promise<SupervisedProcess> {
  const server = await startSupervised({
    command,
    args: [join(directory, 'pgbouncer.ini')],
    stopSignal: 'TERM',
    cwd: directory,
    logFile: join(directory, 'log'),
    user: serverUser('PgBouncer'),
  });
  try {
    await waitUntilReady(server, port);
    return server;
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
}

async function waitUntilReady(server: SupervisedProcess, port: number): Promise<void> {
  const deadline = Date.now() + startDeadlineMs;
  for (;;) {
    const hasEnded = server.hasEnded();
    const log = await server.readLog();
    if (log.includes('Address already in use')) throw new PortInUseError(port, 'PgBouncer');
    if (log.includes('process up')) return;
    if (hasEnded) throw new Error(`pgbouncer ended while starting:\n${log}`);
    if (Date.now() > deadline) throw new Error(`pgbouncer was not ready after ${startDeadlineMs} ms:\n${log}`);
    await sleep(pollIntervalMs);
  }
}

async function runAdminCommand<Row>(port: number, { name, password }: PgBouncerConfig['administrator'], command: string): Promise<Row[]> {
  const client = new Client({ host, port, database: 'pgbouncer', user: name, password });
  // SHUTDOWN ends this connection with all others.
  client.on('error', () => {});
  try {
    await client.connect();
    return (await client.query(command)).rows;
  } finally {
    await client.end();
  }
}
