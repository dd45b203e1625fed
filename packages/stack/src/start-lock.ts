import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { createConnection, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text as readText } from 'node:stream/consumers';
import { StartError } from '@tenantry/service';

/** Raised when another process already runs from the same folder. */
class AlreadyRunningError extends StartError {
  constructor(directory: string, running: string) {
    super(
      `Tenantry already runs from ${directory}${running ? ` (${running})` : ''}. Stop that one first, or name another folder with --data.`,
    );
  }
}

export interface StartLock extends AsyncDisposable {
  /** What a second start is told of this one. */
  describe(running: string): void;
}

/** Bytes of a Unix socket's path that every platform allows (`sun_path`). */
const longestSocketPath = 100;

/**
 * Makes sure that one process at most runs from `directory`. The lock is a listening socket: it cannot be left behind by a
 * process that was killed, and a second start learns from it who holds it.
 *
 * @throws {AlreadyRunningError}
 */
export async function takeStartLock(directory: string): Promise<StartLock> {
  const path = socketPath(directory);
  const running = await askHolder(path);
  if (running !== null) throw new AlreadyRunningError(directory, running);
  await rm(path, { force: true });

  let description = '';
  const server = createServer((socket) => socket.on('error', () => {}).end(description));
  server.listen(path);
  try {
    await once(server, 'listening');
  } catch (error) {
    if (isSystemError(error, 'EADDRINUSE')) throw new AlreadyRunningError(directory, 'it is starting');
    throw error;
  }
  return {
    describe: (text) => void (description = text),
    [Symbol.asyncDispose]: async () => {
      server.close();
      await once(server, 'close');
    },
  };
}

function socketPath(directory: string): string {
  const inside = join(directory, 'running.sock');
  if (Buffer.byteLength(inside) <= longestSocketPath) return inside;
  return join(tmpdir(), `tenantry-${createHash('sha256').update(directory).digest('hex').slice(0, 16)}.sock`);
}

/** @returns null when nobody listens */
async function askHolder(path: string): Promise<string | null> {
  const socket = createConnection(path);
  try {
    await once(socket, 'connect');
    return await readText(socket);
  } catch (error) {
    if (isSystemError(error, 'ENOENT') || isSystemError(error, 'ECONNREFUSED')) return null;
    throw error;
  } finally {
    socket.destroy();
  }
}

function isSystemError(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
