import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { tenantContextHeader } from '@tenantry/auth';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { openTestInstallation, type TestInstallation } from './testing/installation.ts';

const main = fileURLToPath(new URL('./main.ts', import.meta.url));

let installation: TestInstallation;
beforeAll(async () => {
  installation = await openTestInstallation(inject('postgresUrl'));
});
afterAll(async () => await installation[Symbol.asyncDispose]());

/** Runs the entry with nothing but `environment`. */
function run(commandLine: string[], environment: Record<string, string>) {
  const child = spawn(process.execPath, [main, ...commandLine], { env: { PATH: process.env['PATH'], ...environment } });
  const output: string[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => output.push(text));
  const { promise: exited, resolve } = Promise.withResolvers<number | null>();
  child.once('exit', resolve);
  return { child, exited, output: () => output.join('') };
}

function environmentOf(): Record<string, string> {
  const key = randomBytes(32).toString('base64');
  return {
    CONTROL_DATABASE_URL: installation.controlDatabaseUrl,
    SUBGRAPH_SIGNING_KEY: key,
    CREDENTIALS_KEY: `k1:${key}`,
    HOST: '127.0.0.1',
    PORT: '0',
    METRICS_PORT: '0',
  };
}

/** Where a process serves that was started. @throws what it has written when it ends without */
async function urlOf({ child, output }: ReturnType<typeof run>): Promise<string> {
  while (child.exitCode === null && child.signalCode === null) {
    const url = /"url":"(http:[^"]+)"/.exec(output())?.[1];
    if (url) return url;
    await sleep(20);
  }
  throw new Error(`The process has ended: ${output()}`);
}

describe('the process of one subgraph', () => {
  it('serves it until it is told to stop', async () => {
    const served = run(['tenants'], environmentOf());
    const { child, exited } = served;
    try {
      const url = await urlOf(served);
      expect((await fetch(`${url}/readyz`)).status).toBe(200);
      const headers = { 'content-type': 'application/json', [tenantContextHeader]: 'forged' };
      const response = await fetch(`${url}/graphql`, { method: 'POST', headers, body: '{"query":"{ __typename }"}' });
      expect(response.status).toBe(401);
      child.kill('SIGTERM');
      expect(await exited).toBe(0);
    } finally {
      child.kill('SIGKILL');
    }
  });

  it.each([
    ['without its variables, naming each of them', ['tenants'], {}, /CONTROL_DATABASE_URL[^]*SUBGRAPH_SIGNING_KEY[^]*CREDENTIALS_KEY/],
    ['without a name', [], null, /Name the subgraph to serve/],
    ['with the name of none, naming those there are', ['pears'], null, /There is no subgraph "pears"[^]*tenants/],
  ])('does not start %s', async (_how, commandLine, environment, message) => {
    const { exited, output } = run(commandLine, environment ?? environmentOf());
    expect(await exited).not.toBe(0);
    expect(output()).toMatch(message);
    expect(output()).not.toContain('    at ');
  });

  it('says which port is taken, and how to take another', async () => {
    const first = run(['tenants'], environmentOf());
    try {
      const { port } = new URL(await urlOf(first));
      const second = run(['tenants'], { ...environmentOf(), PORT: port });
      expect(await second.exited).not.toBe(0);
      expect(second.output()).toMatch(new RegExp(`Port ${port}[^]*PORT`));
    } finally {
      first.child.kill('SIGKILL');
    }
  });
});
