import { afterAll, beforeAll, expect, test } from 'vitest';
import type { TenantPlacement } from '../directory/placement.ts';
import { tenantAt } from '../testing/tenant-databases.ts';
import { openScene, type Scene } from './scene.ts';
import { createTenants, disconnect, type Tenants } from './tenants.ts';

let tenants: Tenants;
/** Has the schema that all have, and no traffic. */
let pattern: TenantPlacement;
let neighbours: readonly TenantPlacement[];

beforeAll(async () => {
  tenants = await createTenants(4);
  [pattern, neighbours] = [tenantAt(tenants.others, 0), tenants.others.slice(1)];
});
afterAll(async () => await tenants?.[Symbol.asyncDispose]());

const open = async () => await openScene({ ...tenants, tenants: [tenants.troubled, ...neighbours] });

/** Waits until the troubled tenant meets its loss, anew, while the others' work goes on. */
async function meetLoss({ traffic }: Scene): Promise<void> {
  const troubled = traffic.of(tenants.troubled);
  troubled.failures.clear();
  await troubled.meets('TENANT_UNAVAILABLE');
  await traffic.flows(neighbours);
}

const ofTroubled = (tenant: TenantPlacement) => (tenant === tenants.troubled ? ['TENANT_UNAVAILABLE'] : []);

test('a database that is dropped is unavailable to its tenant, and serves it again when it was restored', async () => {
  const { databases, troubled } = tenants;
  await using scene = await open();
  await databases.administer(`DROP DATABASE ${troubled.database} WITH (FORCE)`);
  await meetLoss(scene);
  scene.traffic.of(troubled).forgetWritten();
  await databases.administer(`CREATE DATABASE ${troubled.database} OWNER ${troubled.role} TEMPLATE ${pattern.database}`);
  await scene.traffic.flows();
  expect(await scene.end(ofTroubled)).toEqual([]);
});

test('a database that takes no connections, and then has another name, is unavailable until it is as it was', async () => {
  const { databases, troubled } = tenants;
  const { database } = troubled;
  await using scene = await open();
  await databases.administer(`ALTER DATABASE ${database} ALLOW_CONNECTIONS false`);
  await disconnect(databases, troubled);
  await meetLoss(scene);
  await expect.poll(async () => await databases.sessions(troubled)).toEqual([]);
  await databases.administer(`ALTER DATABASE ${database} RENAME TO ${database}_away`);
  await meetLoss(scene);
  await databases.administer(`ALTER DATABASE ${database}_away RENAME TO ${database}`);
  await databases.administer(`ALTER DATABASE ${database} ALLOW_CONNECTIONS true`);
  await scene.traffic.flows();
  expect(await scene.end(ofTroubled)).toEqual([]);
});

test('a database that an interrupted drop left invalid is unavailable', async () => {
  const { databases, troubled } = tenants;
  await using scene = await open();
  const setLimit = 'UPDATE pg_database SET datconnlimit = $1 WHERE datname = $2';
  await databases.administer(setLimit, [-2, troubled.database]);
  await disconnect(databases, troubled);
  await meetLoss(scene);
  await databases.administer(setLimit, [-1, troubled.database]);
  await scene.traffic.flows();
  expect(await scene.end(ofTroubled)).toEqual([]);
});
