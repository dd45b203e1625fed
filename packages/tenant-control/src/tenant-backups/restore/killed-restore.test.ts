import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { content, deathsOf, openDoomedTenants, pointsOf, type DoomedTenants, type Fate } from '../../life/testing/doomed-tenants.ts';
import { restoringSteps } from '../../provisioning/provisioning-saga.ts';
import { someOf, type SagaPoint } from '../../testing/doom.ts';
import { operator, runSql } from '../../testing/installation.ts';
import { findOrphans } from '../../testing/orphans.ts';
import { newSlug } from '../testing/backed-up-tenants.ts';
import { restoreSteps } from './restore-saga.ts';

const server = inject('postgresUrl');
let tenants: DoomedTenants;

beforeAll(async () => void (tenants = await openDoomedTenants(server)));
afterAll(async () => await tenants?.[Symbol.asyncDispose]());

const names = restoreSteps.map(({ name }) => name);
const spoilt = [{ locale: 'en', users: 0 }];

/** Backs a tenant up, spoils it, and has a process restore it that is killed. */
async function restoreKilled(fate: Fate): Promise<{ id: string; wasKilled: boolean }> {
  const id = await tenants.provision();
  const backup = await tenants.installation.control.backUpTenant(id, operator);
  await tenants.run(id, `DELETE FROM users; UPDATE tenant_settings SET locale = 'en'`);
  return { id, wasKilled: await tenants.kill({ method: 'restoreBackup', id: backup.id, actor: operator, options: {} }, fate) };
}

/** Nothing is left but the tenant, its backups and what the doctor has nothing to say of. */
async function expectWhole(id: string, expected: unknown): Promise<void> {
  const { catalog, control } = tenants.installation;
  expect(await catalog.findTenants([id])).toMatchObject([{ status: 'ACTIVE' }]);
  expect(await tenants.content(id)).toEqual(expected);
  await control.removeExpiredBackups({ limit: 10 }, operator);
  const diagnoses = await control.examine();
  expect(diagnoses.filter(({ tenantId, kind }) => tenantId === id || kind === 'scratch-leftover')).toEqual([]);
  const name = `tenant_${id.replaceAll('-', '')}`;
  const rows = await runSql(server, 'SELECT datname AS name FROM pg_database WHERE starts_with(datname, $1)', [name]);
  expect(rows).toEqual([{ name }]);
  const backups = await catalog.listBackups({ limit: 10, filter: { tenantId: id } });
  expect(backups.filter(({ state }) => state === 'RUNNING')).toEqual([]);
}

/** What was in place is in a backup that gives it back. */
async function expectKept(id: string): Promise<void> {
  const backups = await tenants.installation.catalog.listBackups({ limit: 10, filter: { tenantId: id, state: 'DONE' } });
  const kept = backups.find(({ reason }) => reason === 'RESTORE');
  await tenants.installation.control.restoreBackup(kept?.id ?? '', operator);
  expect(await tenants.content(id)).toEqual(spoilt);
}

describe('a process that is killed while it restores a tenant in place', () => {
  const points = [...pointsOf(names, 'run'), ...duringOf(['restore', 'swap'])];

  test.each(someOf(deathsOf(points, names), 1))('$where leaves what another finishes', async ({ fate }) => {
    const { id, wasKilled } = await restoreKilled(fate);
    expect(wasKilled || fate.afterMs !== undefined).toBe(true);
    expect(await tenants.takeOver()).toEqual([]);
    await expectWhole(id, content);
    await expectKept(id);
  });

  const undoable = names.slice(0, names.indexOf('swap') + 1);
  test.each(someOf([...pointsOf(undoable, 'undo'), { step: 'swap', direction: 'undo', at: 'during' } as const], 1))(
    'and, on the way back, $at the step "$step", leaves what another undoes',
    async (kill) => {
      const { id, wasKilled } = await restoreKilled({ kill, fail: { step: 'swap', direction: 'run', at: 'after' } });
      expect(wasKilled).toBe(true);
      expect(await tenants.takeOver()).toEqual([]);
      await expectWhole(id, spoilt);
    },
  );
});

/** Backs a tenant up, and has a process make another one of that which is killed. */
async function restoreIntoKilled(fate: Fate) {
  const source = await tenants.provision();
  const { control } = tenants.installation;
  const { id } = await control.backUpTenant(source, operator);
  const options = { into: { slug: newSlug(), name: 'Other' }, idempotencyKey: newSlug() };
  expect(await tenants.kill({ method: 'restoreBackup', id, actor: operator, options }, fate)).toBe(true);
  expect(await tenants.takeOver()).toEqual([]);
  expect(await findOrphans(tenants.installation, server)).toEqual([]);
  return { slug: options.into.slug, retry: async () => await control.restoreBackup(id, operator, options) };
}

describe('a process that is killed while it makes a new tenant of a backup', () => {
  const steps = restoringSteps.map(({ name }) => name).filter((name) => name !== 'seed' && name !== 'reservation');

  test.each(someOf([...pointsOf(steps, 'run'), ...duringOf(['restore'])], 1))(
    '$at the step "$step" leaves what another finishes, and the same key finds',
    async (kill) => {
      const { retry, slug } = await restoreIntoKilled({ kill });
      const tenant = await retry();
      expect(tenant).toMatchObject({ slug, status: 'ACTIVE' });
      await expectWhole(tenant.id, content);
    },
  );

  test.each(someOf(pointsOf(['restore'], 'undo'), 1))('and, on the way back, $at the step "$step", leaves nothing', async (kill) => {
    const { slug } = await restoreIntoKilled({ kill, fail: { step: 'restore', direction: 'run', at: 'after' } });
    expect(await tenants.installation.query('SELECT FROM tenants WHERE slug = $1', [slug])).toEqual([]);
  });
});

describe('a process that is killed over a backup', () => {
  const files = 6;

  test.each(
    someOf(
      Array.from({ length: files }, (_, position) => position + 1),
      1,
    ),
  )('that it writes, before file %i of it, leaves a row that says so, and no file', async (nth) => {
    const { installation } = tenants;
    const id = await tenants.provision();
    expect(await tenants.kill({ method: 'backUpTenant', id, actor: operator }, { kill: { deed: 'put', nth } })).toBe(true);
    await installation.control.removeExpiredBackups({ limit: 10 }, operator);
    const filter = { tenantId: id };
    expect(await installation.catalog.listBackups({ limit: 10, filter })).toMatchObject([{ state: 'FAILED', bytes: null }]);
    expect(await storedFiles(id)).toEqual([]);
  });

  test.each(someOf([1, 2, 3, 5], 1))('that it verifies, before it reads file %i, leaves no scratch database', async (nth) => {
    const { control, catalog } = tenants.installation;
    const id = await tenants.provision();
    const backup = await control.backUpTenant(id, operator);
    expect(await tenants.kill({ method: 'verifyBackup', id: backup.id, actor: operator }, { kill: { deed: 'get', nth } })).toBe(true);
    await control.removeExpiredBackups({ limit: 10 }, operator);
    const leftover = (await control.examine()).filter(({ kind }) => kind === 'scratch-leftover' || kind === 'abandoned-backup');
    expect(leftover).toEqual([]);
    expect(await catalog.findBackup(backup.id)).toEqual(backup);
  });
});

async function storedFiles(id: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of tenants.store.list(`tenants/${id}`)) keys.push(key);
  return keys;
}

function duringOf(steps: readonly string[]): SagaPoint[] {
  return steps.map((step) => ({ step, direction: 'run', at: 'during' }));
}
