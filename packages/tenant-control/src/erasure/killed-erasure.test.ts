import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { deathsOf, openDoomedTenants, pointsOf, type DoomedTenants, type Fate } from '../life/testing/doomed-tenants.ts';
import { erasureSteps, purgeSteps } from '../life/purge/purge-saga.ts';
import { someOf } from '../testing/doom.ts';
import { operator } from '../testing/installation.ts';
import { findOrphans } from '../testing/orphans.ts';
import { namesOf } from '../tenant-databases/owned-database.ts';
import { verifyCertificate } from './certificate.ts';
import { signingKeysOf } from './signing-key.ts';

const server = inject('postgresUrl');
let tenants: DoomedTenants;

beforeAll(async () => void (tenants = await openDoomedTenants(server)));
afterAll(async () => await tenants?.[Symbol.asyncDispose]());

async function eraseKilled(fate: Fate): Promise<{ id: string; key: string; wasKilled: boolean }> {
  const { control, catalog } = tenants.installation;
  const id = await tenants.provision();
  const [{ slug: confirmSlug } = { slug: '' }] = await catalog.findTenants([id]);
  const { key } = await control.exportTenant(id, operator);
  return { id, key, wasKilled: await tenants.kill({ method: 'eraseTenant', id, actor: operator, options: { confirmSlug } }, fate) };
}

/** All that was there is told of, though nobody who tells of it may have seen it. */
async function expectCertified(id: string, key: string): Promise<void> {
  const { catalog, keyRing } = tenants.installation;
  expect(await findOrphans(tenants.installation, server)).toEqual([]);
  expect(await catalog.findTenants([id])).toMatchObject([{ status: 'DELETED', name: '' }]);
  const certificate = await catalog.findErasureCertificate(id);
  if (!certificate) throw new Error('There is no certificate.');
  const trusted = signingKeysOf(keyRing).map(({ publicKey }) => publicKey);
  const { removed } = verifyCertificate(certificate, trusted);
  const own = { cluster: 'standard', name: namesOf(id).databaseName };
  expect(removed).toMatchObject({ databases: [own], roles: [own], exports: [{ key }] });
}

const names = erasureSteps.map(({ name }) => name);
/** What a process is killed before and after in `killed-purge.test.ts` is not tried here again. */
const ownNames = erasureSteps.filter((step) => !purgeSteps.includes(step)).map(({ name }) => name);

describe('a process that is killed while it erases a tenant', () => {
  test.each(someOf(deathsOf(pointsOf(ownNames, 'run'), names), 2))(
    '$where leaves what another finishes, and certifies',
    async ({ fate }) => {
      const { id, key, wasKilled } = await eraseKilled(fate);
      expect(wasKilled || fate.afterMs !== undefined).toBe(true);
      expect(await tenants.takeOver()).toEqual([]);
      await expectCertified(id, key);
    },
  );
});
