import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, test } from 'vitest';
import { startEmbeddedPostgres } from './embedded-postgres.ts';
import { hasRedisServer } from './local-redis.ts';
import { startSupervised } from './supervised-process.ts';

/** Evaluates `expression`, which starts a server, in a process of its own, and kills that process with SIGKILL. */
async function startInProcessThatIsKilled(module: string, expression: string, directory: string): Promise<URL> {
  const source = `import * as services from ${JSON.stringify(import.meta.resolve(module))};
    const server = await services.${expression};
    console.log(server.url);
    setInterval(() => {}, 1000);`;
  const owner = spawn(process.execPath, ['--input-type=module-typescript', '--eval', source], {
    env: { ...process.env, TMPDIR: directory },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [url] = await once(createInterface(owner.stdout), 'line');
  await expect(answers(new URL(url))).resolves.toBe(true);
  owner.kill('SIGKILL');
  await once(owner, 'exit');
  return new URL(url);
}

async function answers({ hostname, port }: URL): Promise<boolean> {
  const socket = connect(Number(port), hostname);
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

async function temporaryDirectory(): Promise<AsyncDisposable & { path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'tenantry-supervised-'));
  await chmod(path, 0o755);
  return { path, [Symbol.asyncDispose]: async () => await rm(path, { recursive: true, force: true }) };
}

const isGone = { timeout: 10_000, interval: 50 };

test('Postgres stops when the process that started it is killed', async () => {
  await using directory = await temporaryDirectory();
  const options = JSON.stringify({ directory: directory.path, password: 'x' });
  const url = await startInProcessThatIsKilled('./embedded-postgres.ts', `startEmbeddedPostgres(${options})`, directory.path);

  await expect.poll(() => answers(url), isGone).toBe(false);
});

test('Postgres can be started again on the same data as soon as the process that started it was killed', async () => {
  await using directory = await temporaryDirectory();
  const options = { directory: directory.path, password: 'x' };
  await startInProcessThatIsKilled('./embedded-postgres.ts', `startEmbeddedPostgres(${JSON.stringify(options)})`, directory.path);

  await using again = await startEmbeddedPostgres(options);
  await expect(answers(new URL(again.url))).resolves.toBe(true);
});

test('Redis stops when the process that started it is killed', async (context) => {
  context.skip(!hasRedisServer(), 'no redis-server is on the PATH');
  await using directory = await temporaryDirectory();
  const url = await startInProcessThatIsKilled('./local-redis.ts', 'startLocalRedis()', directory.path);

  await expect.poll(() => answers(url), isGone).toBe(false);
});

test('a server that ends by itself is seen to have ended, and what it said is kept', async () => {
  await using directory = await temporaryDirectory();
  const logFile = join(directory.path, 'log');
  await using server = await startSupervised({
    command: '/bin/sh',
    args: ['-c', 'echo "$1" >&2; exit 3', 'sh', 'no luck today'],
    stopSignal: 'TERM',
    cwd: directory.path,
    logFile,
  });

  await expect.poll(() => server.hasEnded()).toBe(true);
  await expect(server.readLog()).resolves.toBe('no luck today\n');
});

test('a server that cannot be started at all is an error', async () => {
  const nowhere = { command: 'true', args: [], stopSignal: 'TERM', cwd: '/does/not/exist', logFile: '/dev/null' } as const;

  await expect(startSupervised(nowhere)).rejects.toThrow('ENOENT');
});
