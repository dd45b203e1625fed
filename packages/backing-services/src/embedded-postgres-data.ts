import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chown, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Installation } from './embedded-postgres-installation.ts';

const encoding = ['--encoding=UTF8', '--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--locale=C'];

export interface NewData {
  password: string;
  durable: boolean;
}

/**
 * Makes the data folder if there is none. It is made aside and then renamed, so that a start that dies halfway leaves no half
 * of one, and of two first starts at once one wins.
 */
export async function initialiseData({ binaries, directory, dataDirectory, user }: Installation, data: NewData): Promise<void> {
  const exists = () => existsSync(join(dataDirectory, 'PG_VERSION'));
  if (exists()) return;
  const workshop = await mkdtemp(join(directory, 'initialising-'));
  const unfinished = join(workshop, 'data');
  const passwordFile = join(workshop, 'password');
  try {
    await writeFile(passwordFile, data.password, { mode: 0o600 });
    for (const path of [workshop, passwordFile]) await give(path, user);
    const access = ['--auth=scram-sha-256', '--username=postgres', `--pwfile=${passwordFile}`];
    const speed = data.durable ? [] : ['--no-sync'];
    const args = [`--pgdata=${unfinished}`, ...access, ...encoding, ...speed];
    await promisify(execFile)(join(binaries, 'initdb'), args, { ...user, cwd: workshop });
    await rename(unfinished, dataDirectory);
  } catch (cause) {
    if (!exists()) throw new Error(`initdb could not make ${dataDirectory}`, { cause });
  } finally {
    await rm(workshop, { recursive: true, force: true });
  }
}

async function give(path: string, { uid, gid }: Installation['user']): Promise<void> {
  if (uid !== undefined && gid !== undefined) await chown(path, uid, gid);
}
