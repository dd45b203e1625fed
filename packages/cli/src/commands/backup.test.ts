import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { openInstallation, type Installation } from '@tenantry/tenant-control/testing';
import type { Environment } from '@tenantry/service';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { environmentOf } from '../testing/environment-of.ts';
import { runCommand, runForJson, type CommandOptions } from '../testing/run-command.ts';

const serverUrl = inject('postgresUrl');
const cleanup = new AsyncDisposableStack();
let installation: Installation;
let environment: Environment;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tenantry-cli-'));
  cleanup.defer(async () => await rm(folder, { recursive: true }));
  installation = cleanup.use(await openInstallation({ serverUrl }));
  environment = { ...environmentOf(installation, serverUrl), BACKUP_STORE: pathToFileURL(join(folder, 'store')).href };
});
afterAll(async () => await cleanup.disposeAsync());

async function tenantry(commandLine: string, options: CommandOptions = {}) {
  return await runCommand(commandLine.split(' '), { environment, workingDirectory: folder, ...options });
}

async function json<Printed = Record<string, unknown>>(commandLine: string): Promise<Printed[]> {
  const printed: unknown[] = await runForJson(commandLine.split(' '), { environment, workingDirectory: folder });
  return printed.map((each): Printed => JSON.parse(JSON.stringify(each)));
}

interface PrintedTenant {
  readonly id: string;
  readonly status: string;
}

async function provision(slug: string): Promise<PrintedTenant> {
  const [tenant] = await json<PrintedTenant>(`tenants provision ${slug} --name ${slug} --owner-email ada@${slug}.example`);
  if (!tenant) throw new Error('There is no tenant.');
  return tenant;
}

interface PrintedBackup {
  readonly id: string;
  readonly state: string;
  readonly verifiedAt: string | null;
}

async function backUp(slug: string): Promise<PrintedBackup> {
  const [backup] = await json<PrintedBackup>(`backup create ${slug}`);
  if (!backup) throw new Error('There is no backup.');
  return backup;
}

const bytesOf = (name: string) => expect.stringMatching(new RegExp(`^${name} `));

describe('tenantry backup', () => {
  test('makes a backup, lists it, shows it, verifies it and removes it', async () => {
    const { id: tenantId } = await provision('umbrella');
    const created = await tenantry('backup create umbrella', { columns: 200, environment: { ...environment, NO_COLOR: '1' } });
    expect([created.status, created.stdout]).toEqual([0, bytesOf('umbrella is backed up.\nbackup')]);
    expect(created.stderr).toContain('Backing up umbrella');
    const [backup] = await json<PrintedBackup>('backup list umbrella');
    const id = backup?.id ?? '';
    expect(backup).toMatchObject({
      tenantId,
      state: 'DONE',
      reason: 'MANUAL',
      format: 'COPY',
      bytes: expect.any(Number),
      verifiedAt: null,
    });
    expect((await tenantry('backup list umbrella')).stdout).toMatch(
      new RegExp(
        `^BACKUP +STATE +BEGAN +SIZE +REASON +FORMAT +VERIFIED +EXPIRES\n${id} +DONE +\\S+ \\S+Z +[\\d.]+ \\w?B +MANUAL +COPY +–.*\n$`,
      ),
    );
    expect((await tenantry('backup list --state running')).stderr).toBe('There are no such backups.\n');
    expect(await json(`backup show ${id}`)).toEqual([backup]);
    expect((await tenantry(`backup verify ${id}`)).stdout).toBe('The backup gives back what was backed up.\n');
    expect((await json<PrintedBackup>(`backup show ${id}`))[0]?.verifiedAt).toEqual(expect.any(String));
    expect(await tenantry(`backup remove ${id}`)).toMatchObject({ status: 77, stderr: expect.stringContaining('add --yes') });
    expect(await json(`backup remove ${id} --yes`)).toMatchObject([{ id, state: 'REMOVED' }]);
    expect((await tenantry(`backup verify ${id}`)).status).toBe(73);
    expect((await tenantry('backup show nonsense')).status).toBe(66);
    expect((await tenantry('backup create nobody')).status).toBe(66);
  });

  test('restores in place, once that is confirmed, and into a new tenant', async () => {
    await provision('hooli');
    const { id } = await backUp('hooli');
    expect(await tenantry(`backup restore ${id}`)).toMatchObject({ status: 77, stdout: '' });
    const restored = await tenantry(`backup restore ${id}`, { columns: 120, typed: 'hooli\n' });
    expect([restored.status, restored.stdout]).toEqual([0, expect.stringContaining('hooli is restored.')]);
    expect(await json('backup list hooli')).toMatchObject([{ reason: 'RESTORE', state: 'DONE' }, { id }]);
    expect((await tenantry(`backup restore ${id} --name Other`)).status).toBe(2);
    expect(await json(`backup restore ${id} --into hooli-again`)).toMatchObject([{ slug: 'hooli-again', name: 'hooli', status: 'ACTIVE' }]);
    expect((await tenantry(`backup restore ${id} --into hooli`)).status).toBe(73);
  });

  test('says what is missing where there is no store', async () => {
    await provision('storeless');
    const { BACKUP_STORE, ...storeless } = environment;
    expect(BACKUP_STORE).toBeDefined();
    const { status, stderr } = await tenantry('backup create storeless', { environment: storeless });
    expect([status, stderr]).toEqual([73, expect.stringContaining('set BACKUP_STORE')]);
    expect((await tenantry('backup create storeless', { environment: { ...storeless, BACKUP_STORE: 'ftp://x' } })).status).toBe(78);
  });
});

describe('tenantry export', () => {
  test('writes to the store, where it is listed and removed, or to a new folder', async () => {
    await provision('initech');
    const { stdout } = await tenantry('export initech');
    expect(stdout).toMatch(/^initech is exported to file:\/\/.*\/store\/exports\/[0-9a-f-]{36}\/\S+: \d+ models, \d+ rows, .*B\.\n$/);
    const [listed] = await json<{ key: string }>('export initech --list');
    expect((await tenantry('export initech --list')).stdout).toContain(`${listed?.key}  `);
    expect((await tenantry(`export initech --remove ${listed?.key}`)).stdout).toBe(`The export ${listed?.key} is removed.\n`);
    expect((await tenantry(`export initech --remove ${listed?.key}`)).status).toBe(66);
    expect((await tenantry('export initech --list')).stderr).toBe('There are no exports of it in the store.\n');

    const [exported] = await json<{ key: string; models: { model: string; rows: number }[] }>('export initech --to handover');
    expect(exported?.models).toContainEqual(expect.objectContaining({ model: 'User', rows: 1 }));
    expect(await readdir(join(folder, 'handover'))).toEqual([exported?.key]);
    expect(await readFile(join(folder, 'handover', exported?.key ?? '', 'User.ndjson'), 'utf8')).toContain('ada@initech.example');
    expect((await tenantry('export initech --to x --list')).status).toBe(2);
  });

  test('of a tenant that hibernates says what to do', async () => {
    await provision('sleeper');
    await json('tenants hibernate sleeper');
    expect(await tenantry('export sleeper')).toMatchObject({ status: 73, stderr: expect.stringContaining('wake it first') });
  });
});

describe('tenantry erase', () => {
  test('leaves nothing but a certificate, which is shown and verified by its key', async () => {
    const { id } = await provision('acme');
    await backUp('acme');
    const erased = await tenantry('erase acme --certificate erased.json', { columns: 100, typed: 'acme\n' });
    expect([erased.status, erased.stdout]).toEqual([0, expect.stringContaining(`Nothing is left of acme (${id}) but the certificate `)]);
    expect(erased.stderr).toContain('Erasing acme');
    expect((await tenantry('tenants show acme')).status).toBe(66);
    expect(await json(`tenants show ${id}`)).toMatchObject([{ status: 'DELETED' }]);
    const file = await readFile(join(folder, 'erased.json'), 'utf8');
    expect([JSON.parse(file)]).toEqual(await json(`certificate show ${id}`));
    expect((await tenantry(`certificate show ${id}`)).stdout).toContain(`"tenantId": "${id}"`);

    const verified = await tenantry('certificate verify erased.json');
    expect(verified.stdout).toMatch(/^The certificate is genuine\.\ncertificate +[0-9a-f-]{36}\n/);
    expect(await json('certificate verify erased.json')).toMatchObject([{ tenantId: id, removed: { backups: [{ reason: 'MANUAL' }] } }]);
    await writeFile(join(folder, 'tenantry.pem'), (await tenantry('certificate key')).stdout);
    const byKey = ['certificate', 'verify', 'erased.json', '--public-key', 'tenantry.pem'];
    expect((await runCommand(byKey, { workingDirectory: folder })).status).toBe(0);

    await writeFile(join(folder, 'forged.json'), file.replaceAll(String.raw`\"idempotencyKeys\": 0`, String.raw`\"idempotencyKeys\": 1`));
    const forged = await tenantry('certificate verify forged.json');
    expect(forged).toMatchObject({ status: 73, stderr: expect.stringContaining('is not what was signed') });
    expect((await tenantry('certificate verify tenantry.pem')).status).toBe(1);
    expect((await tenantry('certificate show nonsense')).status).toBe(66);
  });

  test('is not done unless the slug is repeated', async () => {
    await provision('precious');
    const alone = await tenantry('erase precious');
    expect(alone).toMatchObject({ status: 77, stderr: expect.stringContaining('add --confirm precious') });
    expect(await tenantry('erase precious --confirm other')).toMatchObject({
      status: 77,
      stderr: expect.stringContaining('nothing was done'),
    });
    expect(await tenantry('erase precious', { columns: 80, typed: 'yes\n' })).toMatchObject({ status: 77 });
    await writeFile(join(folder, 'there.json'), '');
    expect(await tenantry('erase precious --confirm precious --certificate there.json')).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('cannot be made anew: nothing was done'),
    });
    expect(await json('tenants show precious')).toMatchObject([{ status: 'ACTIVE' }]);
    expect((await tenantry('erase precious --confirm precious')).status).toBe(0);
  });
});
