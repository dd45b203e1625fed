import { setTimeout as sleep } from 'node:timers/promises';
import { startPgBouncer } from '@tenantry/backing-services';
import { silentLogger, TenantryError } from '@tenantry/service';
import { createTenantDirectory, createTenantPool, type InvalidationBus, type TenantPool } from '@tenantry/tenant-pool';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { TenantRoute } from '../clusters/cluster-config.ts';
import { operator, runSql, uniqueName } from '../testing/installation.ts';
import { MoveTraffic } from './testing/move-traffic.ts';
import { openTwoClusters, type TwoClusters } from './testing/two-clusters.ts';

const premium = inject('postgresUrl');
const missing: string = inject('pgBouncerMissing');
const cleanup = new AsyncDisposableStack();
let servers: TwoClusters;

beforeAll(async () => {
  const route = missing === '' ? await openPooler() : undefined;
  servers = cleanup.use(await openTwoClusters(premium, { moves: { checksumMs: 60_000, drainMs: 1500 }, route }));
});
afterAll(async () => await cleanup.disposeAsync());

/** A PgBouncer before the tests' server. */
async function openPooler(): Promise<TenantRoute> {
  const pooler = { user: uniqueName('pooler'), password: 'of the pooler' };
  await runSql(premium, `CREATE ROLE ${pooler.user} LOGIN PASSWORD '${pooler.password}'`);
  cleanup.defer(async () => void (await runSql(premium, `DROP ROLE ${pooler.user}`)));
  const { hostname, port: serverPort } = new URL(premium);
  const { host, port } = cleanup.use(
    await startPgBouncer({
      server: { host: hostname, port: Number(serverPort) },
      users: { [pooler.user]: pooler.password },
      settings: { auth_user: pooler.user, auth_query: 'SELECT role, verifier FROM tenantry.logins WHERE role = $1' },
    }),
  );
  return { host, port, sslMode: 'disable', pooling: 'transaction', authUser: pooler.user };
}

/** As a process has one, that hears of changes after `delayMs`. */
async function openPool(delayMs: number, opened: AsyncDisposableStack): Promise<TenantPool> {
  const { bus, catalog, keyRing } = servers.installation;
  const late: InvalidationBus = {
    publish: async (tenantId) => await bus.publish(tenantId),
    subscribe: (listener) => bus.subscribe((tenantId) => void sleep(delayMs).then(() => listener(tenantId))),
  };
  const directory = opened.use(createTenantDirectory({ source: catalog, bus: late, logger: silentLogger }));
  const limits = { waitForTenantMs: 5000 };
  return opened.use(await createTenantPool({ directory, keyRing, service: 'test', logger: silentLogger, limits }));
}

/** Waits until each kind of request has succeeded again. */
async function goOn(traffics: readonly MoveTraffic[]): Promise<void> {
  const done = () => traffics.flatMap((traffic) => Object.values(traffic.done));
  const before = done();
  await expect.poll(() => done().every((count, index) => count > (before[index] ?? 0)), { timeout: 10_000 }).toBe(true);
}

async function teamsOf(id: string): Promise<string[]> {
  return (await servers.query<{ name: string }>(id, 'SELECT name FROM teams')).map(({ name }) => name);
}

test(
  `a tenant is moved to a cluster behind PgBouncer and back under constant traffic: no request fails, no row is lost ${missing}`,
  { timeout: 120_000 },
  async () => {
    await using pools = new AsyncDisposableStack();
    const { control } = servers.installation;
    const id = await servers.provision();
    const traffics = [new MoveTraffic(await openPool(0, pools), id), new MoveTraffic(await openPool(300, pools), id)];
    await goOn(traffics);
    expect(await control.moveTenant(id, { cluster: 'premium' }, operator)).toMatchObject({ clusterName: 'premium' });
    const there = await servers.report(id);
    await goOn(traffics);
    expect(await control.revertMove(id, operator)).toMatchObject({ clusterName: 'standard' });
    const back = await servers.report(id);
    await goOn(traffics);
    await Promise.all(traffics.map(async (traffic) => await traffic.stop()));

    expect(traffics.flatMap(({ failures }) => failures)).toEqual([]);
    expect((await teamsOf(id)).toSorted()).toEqual(traffics.flatMap(({ confirmed }) => confirmed).toSorted());
    expect([there.way, there.verifiedBy]).toEqual(['REPLICATION', 'CHECKSUMS']);
    expect([back.way, back.reason]).toEqual(['DUMP', 'the server of "premium" has wal_level = replica, not logical']);
    for (const { pauseMs } of [there, back]) expect(pauseMs).toBeGreaterThan(0);
    expect(await servers.remains(id)).toEqual([]);
  },
);

test('a process that hears of nothing writes nothing where the tenant was, and finds it', { timeout: 60_000 }, async () => {
  await using pools = new AsyncDisposableStack();
  const { control } = servers.installation;
  const id = await servers.provision();
  const traffic = new MoveTraffic(await openPool(600_000, pools), id);
  await goOn([traffic]);
  await control.moveTenant(id, { cluster: 'premium', way: 'dump' }, operator);
  await goOn([traffic]);
  await traffic.stop();

  // What it was at, and no more, was cut off, and may be tried again.
  expect(traffic.failures.length).toBeLessThan(20);
  for (const failure of traffic.failures) {
    expect(failure).toBeInstanceOf(TenantryError);
    expect(failure).toMatchObject({ retryAfterMs: expect.any(Number) });
  }
  expect(await teamsOf(id)).toEqual(expect.arrayContaining(traffic.confirmed));
  await control.confirmMove(id, operator);
});
