import { seal } from '@tenantry/service';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { TenantPlacement } from '../directory/placement.ts';
import { openScene, type Scene } from './scene.ts';
import { createTenants, disconnect, type Tenants } from './tenants.ts';

let tenants: Tenants;
let version = 1;

beforeAll(async () => void (tenants = await createTenants(3)));
afterAll(async () => await tenants?.[Symbol.asyncDispose]());

/** Changes the password on the server. @returns what the catalog should say from now on */
async function changePassword(): Promise<Partial<TenantPlacement>> {
  const { databases, troubled } = tenants;
  version += 1;
  const password = `password ${version}`;
  await databases.administer(`ALTER ROLE ${troubled.role} PASSWORD '${password}'`);
  return { credentialVersion: version, sealedPassword: seal(password, troubled.tenantId, databases.keyRing) };
}

/** A scene whose catalog knows the password. */
async function open(): Promise<Scene> {
  return await openScene({ ...tenants, changes: new Map([[tenants.troubled.tenantId, await changePassword()]]) });
}

const ofTroubled = (tenant: TenantPlacement) => (tenant === tenants.troubled ? ['TENANT_UNAVAILABLE', 'revoked'] : []);

test('a password that the catalog knows, and nobody was told of, is found when the old one is refused', async () => {
  const { databases, troubled } = tenants;
  await using scene = await open();
  for (let times = 0; times < 3; times += 1) {
    scene.table.update(troubled.tenantId, await changePassword());
    await disconnect(databases, troubled);
    await scene.traffic.flows();
  }
  expect(await scene.metric('tenantry_pool_evictions_total', { reason: 'rotated' })).toBe(3);
  expect(await scene.end(ofTroubled)).toEqual([]);
});

test.each([
  ['is told of', async ({ bus }: Scene) => await bus.publish(tenants.troubled.tenantId)],
  ['is not told of', async () => {}],
])('a password that the catalog does not know is an outage until it does, and the pool %s it', async (_what, tell) => {
  const { databases, troubled, others } = tenants;
  await using scene = await open();
  const current = await changePassword();
  await disconnect(databases, troubled);
  await scene.traffic.of(troubled).meets('TENANT_UNAVAILABLE');
  await scene.traffic.flows(others);
  scene.table.update(troubled.tenantId, current);
  await tell(scene);
  await scene.traffic.flows();
  expect(await scene.end(ofTroubled)).toEqual([]);
});

test('a password that is refused is tried now and then, not with each request', async () => {
  const { databases, troubled, others } = tenants;
  await using scene = await open();
  const current = await changePassword();
  await disconnect(databases, troubled);
  const refusals = async () => await scene.metric('tenantry_pool_connection_failures_total', { failure: 'authentication' });
  await expect.poll(refusals).toBeGreaterThan(0);
  const requests = () => Math.min(...others.map((tenant) => scene.traffic.of(tenant).done.read));
  const before = { refusals: await refusals(), requests: requests() };
  for (let times = 0; times < 5; times += 1) await scene.traffic.flows(others);
  expect((await refusals()) - before.refusals).toBeLessThan(requests() - before.requests);
  scene.table.update(troubled.tenantId, current);
  await scene.traffic.flows();
  expect(await scene.end(ofTroubled)).toEqual([]);
});
