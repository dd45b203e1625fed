import { open } from 'node:fs/promises';
import { SupergraphError } from '../errors.ts';
import { maxSupergraphBytes, type SupergraphSource } from './supergraph-source.ts';

export interface FileSourceOptions {
  path: string;
  /** Milliseconds between looks at the file. Default 1000. */
  pollMs?: number;
}

/**
 * A supergraph in a file that may be replaced or written anew at any time. It is looked at, not watched: so it is seen whatever is
 * exchanged, the file, a link to it or a folder on the way (as Kubernetes does for a ConfigMap), on every kind of file system. A change
 * counts once it has lasted from one look to the next, so that a file is not read while it is being written.
 */
export function fileSource({ path, pollMs = 1000 }: FileSourceOptions): SupergraphSource {
  let taken: string | null = null;
  let seen: string | null = null;
  return {
    origin: path,
    pollMs,
    async read() {
      try {
        await using file = await open(path);
        const stats = await file.stat({ bigint: true });
        const version = [stats.dev, stats.ino, stats.size, stats.mtimeNs, stats.ctimeNs].join(' ');
        const isSettled = taken === null || version === seen;
        seen = version;
        if (version === taken || !isSettled) return null;
        if (stats.size > maxSupergraphBytes) throw new SupergraphError(path, `has more than ${maxSupergraphBytes} bytes.`);
        taken = version;
        return await file.readFile('utf8');
      } catch (cause) {
        throw cause instanceof SupergraphError ? cause : unreadable(path, cause);
      }
    },
  };
}

function unreadable(path: string, cause: unknown): SupergraphError {
  return new SupergraphError(path, `cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
}
