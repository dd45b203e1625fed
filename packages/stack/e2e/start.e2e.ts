import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from '@tenantry/backing-services';
import { afterAll, beforeAll, expect, test } from 'vitest';

const main = new URL('../src/main.ts', import.meta.url).pathname;
const cli = new URL('../../cli/src/main.ts', import.meta.url).pathname;
const longestStartMs = 60_000;

let directory: string;
let ports: { gateway: number; metrics: number; postgres: number };

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tenantry-start-'));
  // Postgres runs as another user when we are root.
  await chmod(directory, 0o755);
  ports = { gateway: await freePort(), metrics: await freePort(), postgres: await freePort() };
});
afterAll(async () => await rm(directory, { recursive: true, force: true }));

test(
  'a start serves the demo tenants, a second one is refused, and Ctrl-C leaves nothing running and every row in place',
  async () => {
    const first = await startProcess();
    const curls = commandsIn(first.output());
    expect(curls).toHaveLength(3);
    const [acme, globex, operator] = await Promise.all(curls.map(runCurl));
    expect(acme.data).toMatchObject({ me: { role: 'OWNER' }, tenant: { name: 'Acme Corporation' } });
    expect(acme.data.users.totalCount).toBeGreaterThan(24);
    expect(globex.data.tenant.name).toBe('Globex');
    expect(operator.data.tenants.nodes.map(({ slug }: { slug: string }) => slug).toSorted()).toEqual(['acme', 'globex']);

    const listed = await tenantry('tenants', 'list', '--json');
    expect(listed.split('\n').filter(Boolean)).toHaveLength(2);
    const token = await tenantry('token', '--scope', 'tenants:read');
    expect(await askAs(token.trim(), '{ tenants { totalCount } }')).toEqual({ data: { tenants: { totalCount: 2 } } });

    const second = run();
    expect(await second.ended).toBe(1);
    expect(second.output()).toContain(`Tenantry already runs from ${directory} (http://127.0.0.1:${ports.gateway}/graphql)`);

    await stop(first.child);
    await Promise.all(Object.values(ports).map(expectFree));
    await expect(tenantry('tenants', 'list')).rejects.toMatchObject({ code: 78, stderr: expect.stringContaining('No stack runs from') });

    const later = await startProcess();
    const [again] = await Promise.all(commandsIn(later.output()).map(runCurl));
    expect(again.data).toEqual(acme.data);
    await stop(later.child);
  },
  3 * longestStartMs,
);

test(
  'Postgres does not outlive a start that was killed',
  async () => {
    const { child } = await startProcess();
    child.kill('SIGKILL');
    await once(child, 'exit');
    await expect.poll(async () => await isFree(ports.postgres), { timeout: 10_000 }).toBe(true);
    const after = await startProcess();
    await stop(after.child);
  },
  3 * longestStartMs,
);

test('a port in use is named, with the way to choose another', async () => {
  const taken = createServer().listen(ports.gateway, '127.0.0.1');
  await once(taken, 'listening');
  try {
    const attempt = run();
    expect(await attempt.ended).toBe(1);
    expect(attempt.output()).toContain(`Port ${ports.gateway}, meant for the gateway, is in use by another program.`);
    expect(attempt.output()).toContain('Choose another, for example with --port ');
  } finally {
    taken.close();
  }
});

function run(): { child: ChildProcess; output: () => string; ended: Promise<number | null> } {
  const flags = [
    '--data',
    directory,
    '--port',
    `${ports.gateway}`,
    '--metrics-port',
    `${ports.metrics}`,
    '--postgres-port',
    `${ports.postgres}`,
  ];
  const child = spawn(process.execPath, [main, ...flags], { stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  child.stdout.on('data', (chunk) => (text += chunk));
  child.stderr.on('data', (chunk) => (text += chunk));
  const ended = once(child, 'close').then(([status]: (number | null)[]) => status ?? null);
  return { child, output: () => text, ended };
}

async function startProcess(): Promise<{ child: ChildProcess; output: () => string }> {
  const started = run();
  const isReady = () => started.output().includes('As a platform operator');
  await expect.poll(() => isReady() || started.child.exitCode !== null, { timeout: longestStartMs }).toBe(true);
  if (!isReady()) throw new Error(`ended with status ${started.child.exitCode}:\n${started.output()}`);
  return started;
}

async function stop(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit');
  child.kill('SIGINT');
  const [status] = await ended;
  expect(status).toBe(0);
}

/** What the command prints beside a running start. */
async function tenantry(...args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [cli, '--data', directory, ...args]);
  return stdout;
}

async function askAs(token: string, query: string): Promise<unknown> {
  const response = await fetch(`http://127.0.0.1:${ports.gateway}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ query }),
  });
  return await response.json();
}

function commandsIn(output: string): string[] {
  return output.split('\n').filter((line) => line.startsWith('curl '));
}

/** Runs the printed command as a shell would. */
// oxlint-disable-next-line typescript/no-explicit-any
async function runCurl(command: string): Promise<any> {
  const [, url] = /curl -s (\S+)/.exec(command) ?? [];
  const headers = [...command.matchAll(/-H '([^:]+): ([^']+)'/g)].map(([, name, value]): [string, string] => [name ?? '', value ?? '']);
  const [, body] = /-d '([^']+)'/.exec(command) ?? [];
  const response = await fetch(url ?? '', { method: 'POST', headers, body: body ?? '' });
  return await response.json();
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}

async function expectFree(port: number): Promise<void> {
  expect(await isFree(port), `port ${port} is free`).toBe(true);
}
