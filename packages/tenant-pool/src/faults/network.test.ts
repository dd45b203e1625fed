import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { TenantPlacement } from '../directory/placement.ts';
import type { TenantDb } from '../lease.ts';
import type { PoolLimits } from '../limits.ts';
import { openFaultyProxy, type FaultyProxy } from '../testing/faulty-proxy.ts';
import { openPool } from '../testing/pool-fixture.ts';
import { tenantAt } from '../testing/tenant-databases.ts';
import { openScene, type Scene } from './scene.ts';
import { createTenants, type Tenants } from './tenants.ts';

const recovery = { timeout: 20_000, interval: 20 };

let tenants: Tenants;
/** Reached by the same way as the troubled tenant, and without traffic. */
let quiet: TenantPlacement;
/** Of the same cluster, and reached directly. */
let neighbours: readonly TenantPlacement[];

beforeAll(async () => {
  tenants = await createTenants(4);
  [quiet, neighbours] = [tenantAt(tenants.others, 0), tenants.others.slice(1)];
});
afterAll(async () => await tenants?.[Symbol.asyncDispose]());

async function openByWay({ port }: FaultyProxy, limits: Partial<PoolLimits> = {}): Promise<Scene> {
  const { troubled } = tenants;
  const changes = new Map([troubled, quiet].map(({ tenantId }) => [tenantId, { host: '127.0.0.1', port }]));
  return await openScene({ ...tenants, tenants: [troubled, ...neighbours], limits, changes });
}

const ofTroubled =
  (...allowed: string[]) =>
  (tenant: TenantPlacement) =>
    tenant === tenants.troubled ? allowed : [];

/** Everything that may rightly be silent is brief here, so that silence is soon known for what it is: a connection is cut after 6 s. */
const impatient = {
  statementTimeoutMs: 500,
  idleInTransactionMs: 500,
  idleConnectionMs: 1000,
  connectionDeadlineMs: 500,
  acquireDeadlineMs: 500,
  connectionsPerTenant: 4,
};
/** Milliseconds after which whatever waits for a dead connection has failed. */
const boundMs = 12_000;

async function hold(db: TenantDb, seconds: number): Promise<unknown> {
  return await db.$queryRaw`SELECT 1 FROM pg_sleep(${seconds}::float)`;
}

/** What `work` comes to; 'unsettled' when it has not in time. */
async function outcomeOf(work: PromiseLike<unknown>): Promise<unknown> {
  const outcome = work.then(
    () => 'done',
    (error: unknown) => error,
  );
  return await Promise.race([outcome, sleep(boundMs, 'unsettled', { ref: false })]);
}

function refusal(code: RegExp) {
  return expect.objectContaining({ code: expect.stringMatching(code), retryAfterMs: expect.any(Number) });
}

test('a black hole ends whatever was sent into it', async () => {
  await using proxy = await openFaultyProxy(tenants.troubled);
  await using scene = await openByWay(proxy, impatient);
  await using lease = await scene.pool.lease(quiet.tenantId, { operation: 'test' });
  const { db } = lease;
  await Promise.all([1, 2, 3, 4].map(async () => await hold(db, 0.2)));

  const { promise: silence, resolve: onSilence } = Promise.withResolvers<void>();
  const inTransaction = db.$transaction(
    async (tx) => {
      await tx.team.count();
      await silence;
      await tx.team.count();
    },
    { timeout: boundMs },
  );
  const doomed = [outcomeOf(inTransaction), outcomeOf(hold(db, 0.45))];
  await sleep(200);
  proxy.mode = 'silence';
  onSilence();
  // On connections that were idle until then.
  doomed.push(outcomeOf(db.team.count()), outcomeOf(db.$transaction(async (tx) => await tx.team.count())));

  const unavailable = refusal(/^TENANT_UNAVAILABLE$/);
  // A transaction that waits for its turn, and not for an answer, finds the tenant busy.
  expect(await Promise.all(doomed)).toEqual([unavailable, unavailable, unavailable, refusal(/^TENANT_(UNAVAILABLE|BUSY)$/)]);
  await scene.traffic.flows(neighbours);

  proxy.mode = 'forward';
  await scene.traffic.flows();
  await expect.poll(async () => await db.team.count().catch(() => -1), recovery).toBe(0);
  await lease[Symbol.asyncDispose]();
  expect(await scene.end(ofTroubled('TENANT_UNAVAILABLE', 'TENANT_BUSY'))).toEqual([]);
});

test('a pool can be closed in a black hole', async () => {
  const { databases, troubled } = tenants;
  await using proxy = await openFaultyProxy(troubled);
  await using fixture = await openPool(databases, { limits: { ...impatient, drainDeadlineMs: 200 } });
  fixture.table.update(troubled.tenantId, { host: '127.0.0.1', port: proxy.port });
  const { db } = await fixture.pool.lease(troubled.tenantId, { operation: 'test' });
  await Promise.all([1, 2].map(async () => await hold(db, 0.1)));
  const cut = outcomeOf(hold(db, 0.2));
  proxy.mode = 'silence';
  expect(await outcomeOf(fixture[Symbol.asyncDispose]())).toBe('done');
  expect(await cut).toMatchObject({ code: 'TENANT_UNAVAILABLE' });
  proxy.mode = 'forward';
  await expect.poll(async () => await databases.sessions(troubled), recovery).toEqual([]);
});

test('a short silence, in which nothing is lost, costs nothing but time', async () => {
  await using proxy = await openFaultyProxy(tenants.troubled);
  await using scene = await openByWay(proxy);
  for (let times = 0; times < 3; times += 1) {
    proxy.mode = 'silence';
    await sleep(150);
    proxy.mode = 'forward';
    await scene.traffic.flows();
  }
  expect(await scene.end()).toEqual([]);
});

test('a slow way costs nothing but time', async () => {
  await using proxy = await openFaultyProxy(tenants.troubled);
  await using scene = await openByWay(proxy);
  proxy.delayMs = 20;
  await scene.traffic.flows();
  expect(await scene.end()).toEqual([]);
});

test('connections that break cost the work in flight', async () => {
  await using proxy = await openFaultyProxy(tenants.troubled);
  await using scene = await openByWay(proxy);
  for (let times = 0; times < 10; times += 1) {
    proxy.reset();
    await sleep(30);
  }
  await scene.traffic.of(tenants.troubled).meets('TENANT_UNAVAILABLE');
  await scene.traffic.flows();
  expect(await scene.end(ofTroubled('TENANT_UNAVAILABLE'))).toEqual([]);
});

test('a write whose answer is lost is not sent again', async () => {
  const { databases, troubled } = tenants;
  await using proxy = await openFaultyProxy(troubled);
  await using scene = await openScene({ ...tenants, tenants: neighbours });
  scene.table.update(troubled.tenantId, { host: '127.0.0.1', port: proxy.port });
  await using lease = await scene.pool.lease(troubled.tenantId, { operation: 'test' });
  const marks = async () => await databases.within(troubled, `SELECT mark FROM marks WHERE mark = 'answer lost'`);
  const write = outcomeOf(lease.db.$executeRaw`INSERT INTO marks SELECT 'answer lost' FROM pg_sleep(0.5)`);
  await sleep(200);
  // The server notices when it answers, and has committed by then.
  proxy.reset();
  expect(await write).toMatchObject({ code: 'TENANT_UNAVAILABLE' });
  await expect.poll(marks, recovery).toEqual([{ mark: 'answer lost' }]);
  await expect.poll(async () => await databases.sessions(troubled), recovery).toEqual([]);
  expect(await marks()).toHaveLength(1);
  await lease[Symbol.asyncDispose]();
  expect(await scene.end()).toEqual([]);
});

test('a way that breaks every connection is an outage until it does not', async () => {
  await using proxy = await openFaultyProxy(tenants.troubled);
  await using scene = await openByWay(proxy);
  proxy.mode = 'reset';
  proxy.reset();
  await scene.traffic.of(tenants.troubled).meets('TENANT_UNAVAILABLE');
  await scene.traffic.flows(neighbours);
  proxy.mode = 'forward';
  await scene.traffic.flows();
  expect(await scene.end(ofTroubled('TENANT_UNAVAILABLE'))).toEqual([]);
});
