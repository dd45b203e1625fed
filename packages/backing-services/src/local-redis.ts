import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PortInUseError, ServerAbsentError } from './errors.ts';
import { onFreePort } from './free-port.ts';
import { startSupervised, type SupervisedProcess } from './supervised-process.ts';

export interface LocalRedis extends AsyncDisposable {
  readonly url: string;
}

const startDeadlineMs = 10_000;
const pollIntervalMs = 20;

/**
 * Starts the `redis-server` of the PATH on a free port of 127.0.0.1, with a random password and nothing kept on disk. It stops
 * when disposed of, and when this process ends in any other way.
 *
 * @throws {ServerAbsentError} where there is none
 */
export async function startLocalRedis(): Promise<LocalRedis> {
  if (!hasRedisServer()) throw new ServerAbsentError('no redis-server is on the PATH');
  return await onFreePort(startServer);
}

export function hasRedisServer(): boolean {
  return spawnSync('redis-server', ['--version'], { stdio: 'ignore' }).status === 0;
}

async function startServer(port: number): Promise<LocalRedis> {
  await using cleanup = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), 'tenantry-redis-'));
  cleanup.defer(async () => await rm(directory, { recursive: true, force: true }));
  const password = randomBytes(16).toString('hex');
  const configFile = join(directory, 'redis.conf');
  // In a file, not on the command line, which every user of the machine can read.
  await writeFile(configFile, configuration(port, password, directory), { mode: 0o600 });

  const logFile = join(directory, 'redis.log');
  const args = [configFile];
  const server = cleanup.use(await startSupervised({ command: 'redis-server', args, stopSignal: 'TERM', cwd: directory, logFile }));
  await waitUntilReady(server, port);
  const owned = cleanup.move();
  return { url: `redis://:${password}@127.0.0.1:${port}`, [Symbol.asyncDispose]: async () => await owned.disposeAsync() };
}

function configuration(port: number, password: string, directory: string): string {
  return ['bind 127.0.0.1', `port ${port}`, `requirepass ${password}`, `dir "${directory}"`, 'save ""', 'appendonly no', ''].join('\n');
}

async function waitUntilReady(server: SupervisedProcess, port: number): Promise<void> {
  const deadline = Date.now() + startDeadlineMs;
  for (;;) {
    const hasEnded = server.hasEnded();
    const log = await server.readLog();
    if (log.includes('Ready to accept connections')) return;
    if (log.includes('Address already in use')) throw new PortInUseError(port, 'Redis');
    if (hasEnded) throw new Error(`redis-server ended while starting:\n${log}`);
    if (Date.now() > deadline) throw new Error(`redis-server was not ready after ${startDeadlineMs} ms:\n${log}`);
    await sleep(pollIntervalMs);
  }
}
