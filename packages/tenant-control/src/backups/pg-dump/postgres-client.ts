import { execFile, spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { promisify } from 'node:util';
import { BackupFormatError } from '../../errors.ts';

export type ClientCommand = 'pg_dump' | 'pg_restore';

/** Parameters of a URL, by the environment variables of libpq that say the same (PostgreSQL manual, 32.15). */
const variableOf: Readonly<Record<string, string>> = {
  sslmode: 'PGSSLMODE',
  sslrootcert: 'PGSSLROOTCERT',
  sslcert: 'PGSSLCERT',
  sslkey: 'PGSSLKEY',
  options: 'PGOPTIONS',
};

const keptErrorBytes = 4096;

/**
 * Finds a command of Postgres's client on the PATH that is at least as new as what it has to do with.
 *
 * @param others versions, such as `18.4`, by what they are of
 * @returns its version
 * @throws {BackupFormatError} that says which versions there are and what to do
 */
export async function assertClient(command: ClientCommand, others: Readonly<Record<string, string>>): Promise<string> {
  const version = await clientVersion(command);
  const newest = Math.max(...Object.values(others).map(majorOf));
  const remedy = `install the client of PostgreSQL ${newest} or later (Debian: postgresql-client-${newest})`;
  if (version === null) throw new BackupFormatError(`There is no ${command} on the PATH: ${remedy}, or make backups in the format COPY.`);
  if (majorOf(version) >= newest) return version;
  const newer = Object.entries(others).map(([what, its]) => `${what} of ${its}`);
  throw new BackupFormatError(
    `${command} on the PATH is of PostgreSQL ${version}, ${newer.join(', ')}: ${remedy}, or make backups in the format COPY.`,
  );
}

/** The version of a command, such as `15.18`; null where there is none on the PATH. */
export async function clientVersion(command: ClientCommand): Promise<string | null> {
  try {
    const { stdout } = await promisify(execFile)(command, ['--version'], { env: basicEnvironment() });
    return /\(PostgreSQL\) (\d\S*)/.exec(stdout)?.[1] ?? null;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}

function majorOf(version: string): number {
  return Number.parseInt(version, 10);
}

/** A command that runs. */
export interface RunningClient {
  readonly stdin: Writable;
  readonly stdout: Readable;
  /** Resolves when it has done its work. @throws with what it said last */
  readonly done: Promise<void>;
}

/** Neither password nor address is on the command line, where every user of the machine could read them. */
export function startClient(command: ClientCommand, args: readonly string[], url: string, signal: AbortSignal | undefined): RunningClient {
  const child = spawn(command, [...args, '--no-password'], {
    env: { ...basicEnvironment(), ...connectionEnvironment(url) },
    stdio: ['pipe', 'pipe', 'pipe'],
    ...(signal && { signal }),
  });
  const done = succeeds(command, child);
  // Whoever reads or writes may fail first, and is then the one who tells.
  done.catch(() => {});
  return { stdin: child.stdin, stdout: child.stdout, done };
}

async function succeeds(command: ClientCommand, child: ChildProcessByStdio<Writable, Readable, Readable>): Promise<void> {
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => void (said = `${said}${text}`.slice(-keptErrorBytes)));
  const [status, signal] = await once(child, 'close');
  if (status !== 0) throw new Error(`${command} ended with ${status ?? signal}: ${said.trim()}`);
}

/** None of this process's secrets. */
function basicEnvironment(): NodeJS.ProcessEnv {
  const { PATH } = process.env;
  return { PATH, LC_ALL: 'C.UTF-8' };
}

function connectionEnvironment(text: string): NodeJS.ProcessEnv {
  const { hostname, port, username, password, pathname, searchParams } = new URL(text);
  const parameters = [...searchParams].flatMap(([name, value]) => (name in variableOf ? [[variableOf[name], value]] : []));
  return {
    PGHOST: decodeURIComponent(hostname).replaceAll(/[[\]]/g, ''),
    PGPORT: port || '5432',
    PGUSER: decodeURIComponent(username),
    PGPASSWORD: decodeURIComponent(password),
    PGDATABASE: decodeURIComponent(pathname.slice(1)),
    PGAPPNAME: 'tenantry:control',
    ...Object.fromEntries(parameters),
  };
}
