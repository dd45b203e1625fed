import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { someOf } from '../../testing/doom.ts';
import { operator } from '../../testing/installation.ts';
import { findOrphans } from '../../testing/orphans.ts';
import { openDoomedTenants, pointsOf, type DoomedTenants, type Fate } from '../testing/doomed-tenants.ts';
import { purgeSteps } from './purge-saga.ts';

const server = inject('postgresUrl');
let tenants: DoomedTenants;

beforeAll(async () => void (tenants = await openDoomedTenants(server)));
afterAll(async () => await tenants?.[Symbol.asyncDispose]());

async function purgeKilled(fate: Fate): Promise<{ id: string; slug: string; wasKilled: boolean }> {
  const { control } = tenants.installation;
  const id = await tenants.provision();
  const { slug } = await control.deleteTenant(id, operator, { graceDays: 0 });
  return { id, slug, wasKilled: await tenants.kill({ method: 'purgeTenant', id, actor: operator }, fate) };
}

async function expectTombstone(id: string, slug: string): Promise<void> {
  expect(await findOrphans(tenants.installation, server)).toEqual([]);
  expect(await tenants.installation.catalog.findTenants([id])).toMatchObject([{ status: 'DELETED', name: '' }]);
  expect(await tenants.installation.query('SELECT FROM tenants WHERE slug = $1', [slug])).toEqual([]);
}

const names = purgeSteps.map(({ name }) => name);

/** In the middle of these steps, processes are killed in `killed-erasure.test.ts`. */
describe('a process that is killed while it purges a tenant', () => {
  test.each(someOf(pointsOf(names, 'run'), 3))('$at the step "$step" leaves what another finishes', async (kill) => {
    const { id, slug, wasKilled } = await purgeKilled({ kill });
    expect(wasKilled).toBe(true);
    expect(await tenants.takeOver()).toEqual([]);
    await expectTombstone(id, slug);
  });
});
