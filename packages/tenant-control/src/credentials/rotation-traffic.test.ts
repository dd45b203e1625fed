import { setTimeout as sleep } from 'node:timers/promises';
import { startPgBouncer } from '@tenantry/backing-services';
import { silentLogger } from '@tenantry/service';
import { createTenantDirectory, createTenantPool, type InvalidationBus, type TenantPool } from '@tenantry/tenant-pool';
import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest';
import type { ClusterConfig } from '../clusters/cluster-config.ts';
import { openInstallation, operator, runSql, uniqueName, type Installation } from '../testing/installation.ts';
import { RotatedTenants } from './testing/rotated-tenants.ts';
import { marksTable, Traffic } from './testing/traffic.ts';

const server = inject('postgresUrl');
const missing: string = inject('pgBouncerMissing');
const rotations = 4;

let cleanup: AsyncDisposableStack;
beforeEach(() => void (cleanup = new AsyncDisposableStack()));
afterEach(async () => await cleanup.disposeAsync());

async function pooledCluster(): Promise<ClusterConfig> {
  const pooler = { user: uniqueName('pooler'), password: 'of the pooler' };
  await runSql(server, `CREATE ROLE ${pooler.user} LOGIN PASSWORD '${pooler.password}'`);
  cleanup.defer(async () => void (await runSql(server, `DROP ROLE ${pooler.user}`)));
  const { hostname, port: serverPort } = new URL(server);
  const { host, port } = cleanup.use(
    await startPgBouncer({
      server: { host: hostname, port: Number(serverPort) },
      users: { [pooler.user]: pooler.password },
      settings: { auth_user: pooler.user, auth_query: 'SELECT role, verifier FROM tenantry.logins WHERE role = $1' },
    }),
  );
  const tenants = { host, port, sslMode: 'disable', pooling: 'transaction', authUser: pooler.user } as const;
  return { name: 'standard', adminUrl: server, tenants };
}

/** A pool as a process has one, that hears of changes after `delayMs`. */
async function openPool({ catalog, keyRing, bus }: Installation, delayMs: number): Promise<TenantPool> {
  const late: InvalidationBus = {
    publish: async (tenantId) => await bus.publish(tenantId),
    subscribe: (listener) => bus.subscribe((tenantId) => void sleep(delayMs).then(() => listener(tenantId))),
  };
  const directory = cleanup.use(createTenantDirectory({ source: catalog, bus: late, logger: silentLogger }));
  return cleanup.use(await createTenantPool({ directory, keyRing, service: 'test', logger: silentLogger }));
}

/** Rotates again and again under the traffic of two processes, one of which hears of it late. */
async function rotateUnderTraffic(cluster: ClusterConfig, graceMs: number) {
  const installation = await openInstallation({ serverUrl: server, clusters: [cluster], rotation: { quietMs: 1500, graceMs } });
  const tenants = new RotatedTenants(installation, server);
  const { id } = await tenants.provision();
  await tenants.query(id, marksTable);
  cleanup.defer(async () => await installation[Symbol.asyncDispose]());
  const traffics = [new Traffic(await openPool(installation, 0), id), new Traffic(await openPool(installation, 400), id)];
  const done = () => traffics.flatMap((traffic) => Object.values(traffic.done));
  for (let rotation = 0; rotation < rotations; rotation += 1) {
    const before = done();
    await installation.control.rotateCredentials(id, operator);
    await tenants.settled();
    await expect.poll(() => done().every((count, index) => count > (before[index] ?? 0)), { timeout: 10_000 }).toBe(true);
  }
  await Promise.all(traffics.map(async (traffic) => await traffic.stop()));
  const written = await tenants.query<{ mark: string }>(id, 'SELECT mark FROM marks');
  return { traffics, written: written.map(({ mark }) => mark), version: (await tenants.placement(id)).credentialVersion };
}

describe.each([
  ['direct', '', async (): Promise<ClusterConfig> => ({ name: 'standard', adminUrl: server }), 20_000],
  // It keeps its idle connections for minutes; what is left of them when the time of grace is over nobody uses.
  [`through PgBouncer ${missing}`, missing, pooledCluster, 3000],
])('under constant traffic, %s', (_way, unavailable, openCluster, graceMs) => {
  beforeEach(({ skip }) => skip(unavailable !== '', unavailable));

  test(`${rotations} rotations in a row fail no request and lose no row`, { timeout: 120_000 }, async () => {
    const { traffics, written, version } = await rotateUnderTraffic(await openCluster(), graceMs);
    expect(traffics.flatMap(({ failures }) => failures)).toEqual([]);
    expect(version).toBe(1 + rotations);
    expect(written.toSorted()).toEqual(traffics.flatMap(({ confirmed }) => confirmed).toSorted());
  });
});

test('a login that is closed at once is one that the next request does without', async () => {
  const installation = cleanup.use(await openInstallation({ serverUrl: server }));
  const tenants = new RotatedTenants(installation, server);
  const { id } = await tenants.provision();
  // Hears of nothing before it is refused.
  const pool = await openPool(installation, 60_000);
  for (const version of [1, 2, 3]) {
    await using lease = await pool.lease(id, { operation: 'request' });
    const role = (await tenants.placement(id)).role;
    expect(await lease.db.$queryRaw`SELECT session_user::text AS role`).toEqual([{ role }]);
    expect((await tenants.placement(id)).credentialVersion).toBe(version);
    await pool.evict(id, 'test');
    await installation.control.rotateCredentials(id, operator, { atOnce: true });
  }
});
