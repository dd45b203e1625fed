import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { open, readFile } from 'node:fs/promises';

export interface ServerCommand {
  command: string;
  args: readonly string[];
  /** What asks this server for a clean and quick stop. */
  stopSignal: 'INT' | 'TERM';
  cwd: string;
  /** Its output is added to this file, which whoever runs us owns. */
  logFile: string;
  /** Default: as us. */
  user?: { uid?: number; gid?: number };
}

/** A server that never outlives this process, however this process ends. */
export interface SupervisedProcess extends AsyncDisposable {
  readonly pid: number;
  hasEnded(): boolean;
  /** What the log file got since the start, by this server or another. */
  readLog(): Promise<string>;
}

/**
 * Becomes the server (`"$@"`) and leaves a watcher behind, which holds the other end of a pipe from us and asks the server to
 * stop when the pipe closes: because we dispose of it, or because we were killed.
 */
const supervise = (signal: ServerCommand['stopSignal']) =>
  `exec 3<&0 </dev/null; ( ( cat <&3 >/dev/null; kill -${signal} $$ 2>/dev/null ) & ); exec 3<&-; exec "$@"`;

/** Starts `command` under a watcher. It may still fail to come up: look at {@link SupervisedProcess.hasEnded}. */
export async function startSupervised({ command, args, stopSignal, cwd, logFile, user = {} }: ServerCommand): Promise<SupervisedProcess> {
  const log = await open(logFile, 'a');
  try {
    const { size: logStart } = await log.stat();
    // A session of its own: Ctrl-C at a terminal is for us to hear first, and the server stops after its clients have.
    const child = spawn('/bin/sh', ['-c', supervise(stopSignal), command, command, ...args], {
      ...user,
      cwd,
      detached: true,
      stdio: ['pipe', log.fd, log.fd],
    });
    await once(child, 'spawn');
    // The watcher must go with the server, before its process id can be another's.
    child.once('exit', () => child.stdin?.destroy());
    return {
      pid: child.pid ?? Number.NaN,
      hasEnded: () => hasEnded(child),
      readLog: async () => (await readFile(logFile)).subarray(logStart).toString(),
      [Symbol.asyncDispose]: async () => await stop(child),
    };
  } finally {
    await log.close();
  }
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

async function stop(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return;
  const exited = once(child, 'exit');
  child.stdin?.end();
  await exited;
}
