import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { openTwoClusters, type TwoClusters } from '../moves/testing/two-clusters.ts';
import { namesOf } from '../tenant-databases/owned-database.ts';
import { meetDoom, someOf, type SagaPoint } from '../testing/doom.ts';
import { operator } from '../testing/installation.ts';
import { verifyCertificate } from './certificate.ts';
import { signingKeysOf } from './signing-key.ts';

let servers: TwoClusters;
beforeAll(async () => void (servers = await openTwoClusters(inject('postgresUrl'), { moves: { drainMs: 500 } })));
afterAll(async () => await servers?.[Symbol.asyncDispose]());

/** A move whose process dies, after which nobody goes on with it. */
async function abandonMove(id: string, step: string): Promise<void> {
  const { controlDatabaseUrl, keyRing } = servers.installation;
  const kill: SagaPoint = { step, direction: 'run', at: 'after' };
  const wasKilled = await meetDoom({
    controlDatabaseUrl,
    clusters: servers.clusters.map(({ name, adminUrl }) => ({ name, adminUrl })),
    keys: [...keyRing].map(([key, bytes]) => [key, bytes.toString('base64')]),
    call: { method: 'moveTenant', id, actor: operator, input: { cluster: 'premium', way: 'replication', confirm: true } },
    fail: null,
    kill,
    afterMs: null,
  });
  expect(wasKilled).toBe(true);
  await servers.installation.query(
    `UPDATE sagas SET leased_until = now() - interval '1 s' WHERE tenant_id = $1 AND leased_until IS NOT NULL`,
    [id],
  );
}

/** @returns clusters from which a database of the tenant was removed */
async function erase(id: string): Promise<string[]> {
  const { control, catalog, keyRing } = servers.installation;
  const [{ slug: confirmSlug } = { slug: '' }] = await catalog.findTenants([id]);
  const certificate = await control.eraseTenant(id, operator, { confirmSlug });
  const trusted = signingKeysOf(keyRing).map(({ publicKey }) => publicKey);
  const { removed } = verifyCertificate(certificate, trusted);
  expect(new Set(removed.databases.map(({ name }) => name))).toEqual(new Set([namesOf(id).databaseName]));
  return removed.databases.map(({ cluster }) => cluster).toSorted();
}

describe('of a tenant whose move', () => {
  test.each(someOf(['subscription', 'pause'], 1))(
    'was abandoned after the step "%s" an erasure leaves nothing on either side',
    async (step) => {
      const id = await servers.provision();
      await abandonMove(id, step);
      expect(await erase(id)).toEqual(['premium', 'standard']);
      expect(await servers.remains(id)).toEqual([]);
    },
  );

  test('was not confirmed a purge leaves nothing on either side', async () => {
    const { control, catalog } = servers.installation;
    const id = await servers.provision();
    await control.moveTenant(id, { cluster: 'premium', way: 'dump' }, operator);
    expect(await servers.remains(id)).not.toEqual([]);
    await control.deleteTenant(id, operator, { graceDays: 0 });
    await control.purgeTenant(id, operator);
    expect(await catalog.findTenants([id])).toMatchObject([{ status: 'DELETED' }]);
    expect(await servers.remains(id)).toEqual([]);
  });
});
