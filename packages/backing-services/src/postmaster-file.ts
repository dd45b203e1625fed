import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What a running Postgres says of itself in its data folder. It stays behind when the server is killed. */
export interface PostmasterFile {
  pid: number;
  status: 'starting' | 'ready' | 'stopping' | 'standby' | 'unknown';
}

const statuses = ['starting', 'ready', 'stopping', 'standby'] as const;

/** Reads `postmaster.pid` (Postgres's `miscadmin.h`: the process id in its first line, the status in its eighth); null if there is none. */
export async function readPostmasterFile(dataDirectory: string): Promise<PostmasterFile | null> {
  const text = await readFile(join(dataDirectory, 'postmaster.pid'), 'utf8').catch(() => null);
  if (text === null) return null;
  const lines = text.split('\n');
  return { pid: Number(lines[0]), status: statuses.find((status) => status === lines[7]?.trim()) ?? 'unknown' };
}

/** What the server on a data folder is doing, whoever started it. */
export async function serverPhase(dataDirectory: string): Promise<'running' | 'stopping' | 'none'> {
  const file = await readPostmasterFile(dataDirectory);
  if (file === null || !isAlive(file.pid)) return 'none';
  return file.status === 'stopping' ? 'stopping' : 'running';
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
