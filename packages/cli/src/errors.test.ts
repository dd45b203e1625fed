import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { openInstallation, type Installation } from '@tenantry/tenant-control/testing';
import { environmentOf } from './testing/environment-of.ts';
import { runCommand } from './testing/run-command.ts';

const serverUrl = inject('postgresUrl');
let installation: Installation;
beforeAll(async () => {
  installation = await openInstallation({ serverUrl });
});
afterAll(async () => await installation[Symbol.asyncDispose]());

const list = ['tenants', 'list'];

function controlDatabase(change: (url: URL) => void) {
  const url = new URL(installation.controlDatabaseUrl);
  change(url);
  return { environment: { CONTROL_DATABASE_URL: url.href } };
}

describe('a control database', () => {
  test('that does not answer is 69', async () => {
    const { status, stdout, stderr } = await runCommand(
      list,
      controlDatabase((url) => void (url.port = '1')),
    );
    expect([status, stdout]).toEqual([69, '']);
    expect(stderr).toBe("error: Can't reach database server at 127.0.0.1:1. Is that server running, and may this machine reach it?\n");
  });

  test.each([
    ['with another password', (url: URL) => void (url.password = 'wrong'), 'Is that the user and password of CONTROL_DATABASE_URL?'],
    ['that is not there', (url: URL) => void (url.pathname = '/nowhere'), 'Is that the database of CONTROL_DATABASE_URL?'],
    [
      'that is none',
      (url: URL) => void (url.pathname = '/postgres'),
      'Is that the control database of CONTROL_DATABASE_URL, and of this release?',
    ],
  ])('%s is 78, in a line that says what to look at', async (_what, change, question) => {
    // Both what is asked by Prisma and what is asked by statements of ours.
    for (const command of [list, ['tenants', 'show', randomUUID()]]) {
      const { status, stderr } = await runCommand(command, controlDatabase(change));
      expect(stderr).toContain(question);
      expect(status).toBe(78);
      expect(stderr).toMatch(/^error: [^\n]*\n$/);
      expect(stderr).not.toContain('wrong');
    }
  });
});

test('a cluster that does not answer is 69, and what was begun is undone', async () => {
  const cluster = new URL(serverUrl);
  cluster.port = '1';
  const environment = { ...environmentOf(installation, serverUrl), TENANT_CLUSTERS: JSON.stringify({ standard: cluster.href }) };
  const { status, stderr } = await runCommand(['tenants', 'provision', 'unreachable', '--name', 'Unreachable'], { environment });
  expect(status).toBe(69);
  expect(stderr).toMatch(/^error: Provisioning of the tenant "unreachable" failed .* and was undone\. .*ECONNREFUSED.*\n$/);
  expect(await installation.catalog.findTenantBySlug('unreachable')).toBeNull();
});

test('every variable that is missing is named at once', async () => {
  const environment = { CREDENTIALS_KEY: 'nonsense' };
  const { status, stderr } = await runCommand(['tenants', 'provision', 'acme', '--name', 'Acme'], { environment });
  expect(status).toBe(78);
  for (const name of ['CONTROL_DATABASE_URL', 'TENANT_CLUSTERS', 'CREDENTIALS_KEY']) expect(stderr).toContain(name);
});

test('with --json an error is JSON, too', async () => {
  const { status, stdout, stderr } = await runCommand(['tenants', 'show', 'nobody', '--json'], {
    environment: environmentOf(installation, serverUrl),
  });
  expect([status, stdout]).toEqual([66, '']);
  expect(JSON.parse(stderr)).toEqual({
    error: { code: 'NOT_FOUND', message: 'There is no tenant "nobody". To see which there are: tenantry tenants list', exitStatus: 66 },
  });
});

test('where an error was thrown is told with --verbose only', async () => {
  const options = { environment: environmentOf(installation, serverUrl) };
  expect((await runCommand(['tenants', 'show', 'nobody'], options)).stderr).not.toContain('at ');
  expect((await runCommand(['tenants', 'show', 'nobody', '--verbose'], options)).stderr).toMatch(
    /NoSuchTenantError: .*\n +at .*tenant-argument\.ts/,
  );
});

test('an error is red on a terminal, unless NO_COLOR says otherwise', async () => {
  const environment = environmentOf(installation, serverUrl);
  const red = '\u001B[31m';
  expect((await runCommand(['tenants', 'show', 'nobody'], { environment, columns: 80 })).stderr).toContain(red);
  expect(
    (await runCommand(['tenants', 'show', 'nobody'], { environment: { ...environment, NO_COLOR: '1' }, columns: 80 })).stderr,
  ).not.toContain(red);
});
