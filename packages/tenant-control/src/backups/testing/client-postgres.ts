import { spawn, execFile } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chown, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { freePort } from '@tenantry/backing-services';
import { clientVersion } from '../pg-dump/postgres-client.ts';
import { runSql } from './databases.ts';

/** A server that this machine's `pg_dump` is fit for. */
export interface ClientPostgres extends AsyncDisposable {
  /** Superuser's URL of the database `postgres`. */
  readonly url: string;
}

const startDeadlineMs = 20_000;

/** Where Debian has the servers of each version. */
const binariesOf = (major: number) => `/usr/lib/postgresql/${major}/bin`;

/** Why there is no such server; empty where there is one. Where CI is set, that is an error. */
export async function whyNoClientPostgres(): Promise<string> {
  const version = await clientVersion('pg_dump');
  const missing = version === null ? 'no pg_dump is on the PATH' : whyNoServer(Number.parseInt(version, 10));
  const { CI = 'false' } = process.env;
  if (missing !== '' && !['', 'false', '0'].includes(CI)) throw new Error(`The tests must not go without pg_dump here: ${missing}.`);
  return missing;
}

function whyNoServer(major: number): string {
  return existsSync(join(binariesOf(major), 'postgres')) ? '' : `no server of PostgreSQL ${major}, as pg_dump is, is installed`;
}

/** Starts a throw-away server of the same version as `pg_dump`, as the user `postgres` where this process is root's. */
export async function startClientPostgres(): Promise<ClientPostgres> {
  await using cleanup = new AsyncDisposableStack();
  const binaries = binariesOf(Number.parseInt((await clientVersion('pg_dump')) ?? '', 10));
  const directory = await mkdtemp(join(tmpdir(), 'tenantry-client-postgres-'));
  cleanup.defer(async () => await rm(directory, { recursive: true, force: true }));
  const user = await serverUser();
  const [data, passwordFile, password] = [join(directory, 'data'), join(directory, 'password'), 'pässword & more'];
  await writeFile(passwordFile, password, { mode: 0o600 });
  for (const path of [directory, passwordFile]) await chown(path, user.uid, user.gid);
  const initdb = [
    `--pgdata=${data}`,
    '--username=postgres',
    '--auth=scram-sha-256',
    `--pwfile=${passwordFile}`,
    '--encoding=UTF8',
    '--locale=C',
    '--no-sync',
  ];
  await promisify(execFile)(join(binaries, 'initdb'), initdb, { ...user, cwd: directory });

  const port = await freePort();
  const settings = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', 'fsync=off'].flatMap((setting) => ['-c', setting]);
  const server = spawn(join(binaries, 'postgres'), ['-D', data, '-p', String(port), ...settings], {
    ...user,
    cwd: directory,
    stdio: 'ignore',
  });
  const ended = once(server, 'exit');
  const stop = () => void server.kill('SIGQUIT');
  process.once('exit', stop);
  cleanup.defer(async () => {
    process.removeListener('exit', stop);
    server.kill('SIGINT');
    await ended;
  });
  const url = `postgres://postgres:${encodeURIComponent(password)}@127.0.0.1:${port}/postgres`;
  await untilReady(url);
  const opened = cleanup.move();
  return { url, [Symbol.asyncDispose]: async () => await opened.disposeAsync() };
}

async function untilReady(url: string): Promise<void> {
  const deadline = Date.now() + startDeadlineMs;
  for (;;) {
    const error = await runSql(url, 'SELECT 1').then(
      () => null,
      (reason: unknown) => reason,
    );
    if (error === null) return;
    if (Date.now() > deadline) throw error;
    await sleep(50);
  }
}

/** Postgres refuses to run as root. */
async function serverUser(): Promise<{ uid: number; gid: number }> {
  const [uid = 0, gid = 0] = [process.getuid?.(), process.getgid?.()];
  if (uid !== 0) return { uid, gid };
  const { stdout } = await promisify(execFile)('id', ['-u', 'postgres']);
  const { gid: group } = await stat('/var/lib/postgresql');
  return { uid: Number(stdout), gid: group };
}
