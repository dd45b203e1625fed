import { readFile } from 'node:fs/promises';

/** Bytes that one process of the server uses. */
export interface BackendMemory {
  /** Its pages, those shared with other processes included. */
  rss: number;
  /** Its own pages, and its part of the shared ones. */
  pss: number;
  /** Its own pages: what the machine gets back when it ends. */
  own: number;
}

/** @returns null where the system does not tell (it is not Linux, or the process is another user's) */
export async function backendMemory(pid: number): Promise<BackendMemory | null> {
  try {
    const text = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8');
    const bytes = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? NaN) * 1024;
    return { rss: bytes('Rss'), pss: bytes('Pss'), own: bytes('Private_Clean') + bytes('Private_Dirty') };
  } catch {
    return null;
  }
}
