import { hostname, userInfo } from 'node:os';
import { openInstallation, type Installation } from '@tenantry/tenant-control/testing';
import type { Environment } from '@tenantry/service';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { environmentOf } from '../testing/environment-of.ts';
import { runCommand, runForJson, type CommandOptions } from '../testing/run-command.ts';

const serverUrl = inject('postgresUrl');
let installation: Installation;
let environment: Environment;
beforeAll(async () => {
  installation = await openInstallation({ serverUrl });
  environment = environmentOf(installation, serverUrl);
});
afterAll(async () => await installation[Symbol.asyncDispose]());

async function tenantry(commandLine: string, options: CommandOptions = {}) {
  return await runCommand(commandLine.split(' '), { environment, ...options });
}

async function json(commandLine: string) {
  return await runForJson(commandLine.split(' '), { environment });
}

const uuid = expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f-]{27}$/);
const instant = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);

function described(slug: string, changes: object = {}) {
  const tenant = { id: uuid, slug, name: slug, tier: 'STANDARD', status: 'ACTIVE', cluster: 'standard' };
  return { ...tenant, schemaVersion: expect.any(String), createdAt: instant, lastActiveAt: null, purgeAfter: null, ...changes };
}

test('a tenant is provisioned, once for a key, and told as a card or as JSON', async () => {
  const { status, stdout, stderr } = await tenantry(
    'tenants provision umbrella --name umbrella --key order-1 --owner-email ada@umbrella.example',
  );
  expect([status, stderr]).toEqual([0, '']);
  expect(stdout).toMatch(/^umbrella is ACTIVE\.\nslug +umbrella\nname +umbrella\nid +[0-9a-f-]{36}\nstatus +ACTIVE\ntier +STANDARD\n/);
  const again = await json('tenants provision umbrella --name umbrella --key order-1 --owner-email ada@umbrella.example');
  expect(again).toEqual([described('umbrella')]);
  expect(await json('tenants show umbrella')).toEqual([described('umbrella', { size: null })]);
  expect((await tenantry('tenants provision umbrella --name Other')).status).toBe(73);
  expect((await tenantry('tenants provision Umbrella! --name Other')).status).toBe(65);
});

test('tenants are listed as a table, or as a line of JSON each', async () => {
  for (const slug of ['list-one', 'list-two', 'list-three']) await json(`tenants provision ${slug} --name ${slug}`);
  const { stdout, stderr } = await tenantry('tenants list --search list-');
  expect(stderr).toBe('');
  expect(stdout.replaceAll(/\d{4}-\d\d-\d\d/g, 'CREATED-ON')).toBe(
    [
      'SLUG        NAME        STATUS  TIER      CLUSTER   CREATED',
      'list-one    list-one    ACTIVE  STANDARD  standard  CREATED-ON',
      'list-two    list-two    ACTIVE  STANDARD  standard  CREATED-ON',
      'list-three  list-three  ACTIVE  STANDARD  standard  CREATED-ON',
      '',
    ].join('\n'),
  );
  expect(await json('tenants list --search list- --limit 2')).toEqual([described('list-one'), described('list-two')]);
  const first = await tenantry('tenants list --search list- --limit 1');
  expect(first.stdout.split('\n')).toHaveLength(3);
  expect(first.stderr).toBe('1 of 3 tenants; --limit all shows the others, too.\n');
  expect(await tenantry('tenants list --status suspended --search list-')).toEqual({
    status: 0,
    stdout: '',
    stderr: 'There are no such tenants.\n',
  });
  expect((await tenantry('tenants list --status suspended --search list- --json')).stdout).toBe('');
});

test('a tenant is suspended, resumed, renamed and given another tier', async () => {
  await json('tenants provision hooli --name hooli');
  expect((await tenantry('tenants suspend hooli')).stdout).toBe('hooli is SUSPENDED: its requests are refused.\n');
  expect((await tenantry('tenants resume hooli')).stdout).toBe('hooli is ACTIVE: its requests are served.\n');
  expect((await tenantry('tenants rename hooli --slug hooli-group --name Group')).stdout).toBe('hooli is hooli-group now, "Group".\n');
  expect(await json('tenants tier hooli-group Premium')).toEqual([described('hooli-group', { name: 'Group', tier: 'PREMIUM' })]);
  expect(await tenantry('tenants show hooli')).toMatchObject({ status: 66, stdout: '' });
  const { id } = (await installation.catalog.findTenantBySlug('hooli-group')) ?? {};
  expect(await json(`tenants show ${id?.toUpperCase()}`)).toMatchObject([described('hooli-group', { name: 'Group', tier: 'PREMIUM' })]);
  const purge = await tenantry('tenants purge hooli-group --yes');
  expect(purge).toMatchObject({ status: 73, stdout: '' });
  expect(purge.stderr).toMatch(/^error: The tenant "hooli-group" is ACTIVE; only DELETING can become .*\n$/);
});

test('a tenant is put to sleep and woken', async () => {
  await json('tenants provision sleeper --name sleeper');
  expect((await tenantry('tenants hibernate sleeper --keep closed')).stdout).toBe('sleeper is HIBERNATED: a request wakes it.\n');
  expect((await tenantry('tenants wake sleeper')).stdout).toBe('sleeper is ACTIVE.\n');
});

describe('what destroys', () => {
  test('is refused where nobody is there to confirm it, without a trace', async () => {
    await json('tenants provision precious --name Precious');
    const { status, stdout, stderr } = await tenantry('tenants delete precious');
    expect([status, stdout]).toEqual([77, '']);
    expect(stderr).toMatch(/^error: This deletes the tenant precious .* add --yes\.\n$/);
    expect(await json('tenants show precious')).toMatchObject([{ status: 'ACTIVE' }]);
  });

  test.each([
    ['something else', 'yes\n', 'That was not it: nothing was done.'],
    ['nothing', '', 'Not confirmed: nothing was done.'],
  ])('is not done when %s is typed', async (_what, typed, message) => {
    const { status, stderr } = await tenantry('tenants delete precious', { columns: 80, typed });
    expect(status).toBe(77);
    expect(stderr).toContain(message);
    expect(await json('tenants show precious')).toMatchObject([{ status: 'ACTIVE' }]);
  });

  test('is done when its slug is typed, and undone until it is purged', async () => {
    const deleted = await tenantry('tenants delete precious --grace-days 7', { columns: 80, typed: 'precious\n' });
    expect(deleted.status).toBe(0);
    expect(deleted.stdout).toMatch(/precious is DELETING and can be restored until \d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ\.\n$/);
    expect(await json('tenants show precious')).toMatchObject([
      described('precious', { name: 'Precious', status: 'DELETING', purgeAfter: instant }),
    ]);
    expect((await tenantry('tenants restore precious')).stdout).toBe('precious is ACTIVE again.\n');
  });

  test('needs no terminal with --yes; a purge is early only when that is said', async () => {
    expect((await tenantry('tenants delete precious --yes')).status).toBe(0);
    expect((await tenantry('tenants purge precious --yes')).status).toBe(73);
    expect((await tenantry('tenants purge precious --early')).status).toBe(77);
    expect((await tenantry('tenants purge precious --early --yes')).stdout).toBe('precious is DELETED: its database and role are gone.\n');
  });
});

test('progress is shown on a terminal, and nowhere else', async () => {
  const onTerminal = await tenantry('tenants provision watched --name Watched', { columns: 80 });
  expect(onTerminal.stderr).toContain('Provisioning watched');
  const elsewhere = await tenantry('tenants provision unwatched --name Unwatched');
  expect(elsewhere.stderr).toBe('');
});

test('a password is rotated, and all are sealed anew', async () => {
  await json('tenants provision rotated --name rotated');
  expect((await tenantry('rotate rotated --at-once')).stdout).toBe('rotated has a new password.\n');
  expect(await installation.catalog.findPlacement((await installation.catalog.findTenantBySlug('rotated'))?.id ?? '')).toMatchObject({
    credentialVersion: 2,
  });
  expect(await json('reseal')).toEqual([{ resealed: 0, alreadyCurrent: expect.any(Number), unopenable: [] }]);
  const [id, key] = [...installation.keyRing][0] ?? [];
  const rotatedKeys = { ...environment, CREDENTIALS_KEY: `k2:${Buffer.alloc(32, 2).toString('base64')},${id}:${key?.toString('base64')}` };
  const anew = await runForJson(['reseal'], { environment: rotatedKeys });
  expect(anew).toEqual([{ resealed: expect.any(Number), alreadyCurrent: 0, unopenable: [] }]);
  const lost = await tenantry('reseal');
  expect(lost.status).toBe(1);
  expect(lost.stderr).toMatch(/^error: No key of CREDENTIALS_KEY opens the passwords of .*\n$/);
  expect(
    await runForJson(['reseal'], {
      environment: { ...rotatedKeys, CREDENTIALS_KEY: `${id}:${key?.toString('base64')},k2:${Buffer.alloc(32, 2).toString('base64')}` },
    }),
  ).toMatchObject([{ unopenable: [] }]);
});

test('a run is told with its steps', async () => {
  await json('tenants provision stepwise --name stepwise --owner-email ada@stepwise.example');
  const [run] = await json('runs list stepwise');
  expect(run).toMatchObject({ kind: 'PROVISION', state: 'DONE', error: null, createdAt: instant, finishedAt: instant });
  const { id } =
    (await installation.catalog.findLatestRuns([(await installation.catalog.findTenantBySlug('stepwise'))?.id ?? ''], 1))[0] ?? {};
  expect(await json(`runs show ${id}`)).toEqual([run]);
  const { stdout } = await tenantry(`runs show ${id}`);
  expect(stdout).toMatch(/^run +[0-9a-f-]{36}\nkind +PROVISION\nstate +DONE\n/);
  expect(stdout).toMatch(/\nSTEP +STATE +TOOK +TRIES +ERROR\nreservation +DONE +\d+ ms +1\n/);
  expect(await tenantry('runs show nonsense')).toMatchObject({ status: 66 });
});

describe('the audit log', () => {
  const by = `${userInfo().username}@${hostname()}`;

  test('names who ran a command, and what it did', async () => {
    await json('tenants provision audited --name audited');
    await tenantry('tenants suspend audited');
    await tenantry('tenants wake audited');
    const [denied, suspended, provisioned, ...others] = await json('audit --tenant audited');
    const common = {
      id: uuid,
      at: instant,
      tenantId: uuid,
      tenant: 'audited',
      issuer: 'tenantry:cli',
      subject: by,
      origin: null,
      requestId: uuid,
    };
    expect(suspended).toEqual({ ...common, action: 'tenant.suspend', outcome: 'ALLOWED', detail: { from: 'ACTIVE' } });
    expect(denied).toMatchObject({ action: 'tenant.wake', outcome: 'DENIED', detail: { status: 'SUSPENDED' } });
    expect(provisioned).toMatchObject({ action: 'tenant.provision', outcome: 'ALLOWED' });
    expect(others).toEqual([]);
  });

  test('is filtered, and shown as a table whose detail a narrow terminal does without', async () => {
    const { stdout } = await tenantry(`audit --tenant audited --action tenant.suspend --outcome allowed --subject ${by} --from 1h`);
    expect(stdout).toMatch(
      /^AT +ACTION +OUTCOME +TENANT +BY +FROM +DETAIL\n\S+ \S+Z +tenant\.suspend +ALLOWED +audited +\S+ +– +from=ACTIVE\n$/,
    );
    const narrow = await tenantry('audit --tenant audited', { columns: 80, environment: { ...environment, NO_COLOR: '1' } });
    expect(narrow.stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
    expect(narrow.stdout).not.toContain('DETAIL');
    expect((await tenantry('audit --tenant audited --to 2020-01-01')).stderr).toBe('There are no such entries.\n');
    expect((await tenantry('audit --tenant audited --limit 1')).stderr).toBe('The newest 1; --limit all shows older ones, too.\n');
  });
});
