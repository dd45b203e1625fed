import { startDisposablePostgres, type DisposablePostgres } from '@tenantry/backing-services';
import { Client, DatabaseError } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { TenantPlacement } from '../directory/placement.ts';
import { openScene, type Scene } from './scene.ts';
import { createTenantsOnTwoServers, type TenantsOnTwoServers } from './tenants.ts';

const recovery = { timeout: 20_000, interval: 20 };

let server: DisposablePostgres;
let tenants: TenantsOnTwoServers;
const closing = new AsyncDisposableStack();

beforeAll(async () => {
  // What was confirmed must outlive a crash of the server, if not one of the machine.
  server = closing.use(await startDisposablePostgres({ settings: { synchronous_commit: 'on' } }));
  tenants = closing.use(await createTenantsOnTwoServers(server.url));
});
afterAll(async () => await closing.disposeAsync());

/** Waits until every tenant of the server has met the outage, while its neighbours' work goes on. */
async function meetOutage({ traffic }: Scene): Promise<void> {
  await Promise.all(tenants.troubled.map(async (tenant) => await traffic.of(tenant).meets('TENANT_UNAVAILABLE')));
  await traffic.flows(tenants.others);
}

const duringOutage = (tenant: TenantPlacement) => (tenants.others.includes(tenant) ? [] : ['TENANT_UNAVAILABLE']);

test.each(['fast', 'immediate'] as const)(
  'a server that is stopped (%s) and started again is an outage of its own tenants, and ends by itself',
  async (how) => {
    await using scene = await openScene(tenants);
    for (let times = 0; times < 2; times += 1) {
      for (const tenant of tenants.troubled) scene.traffic.of(tenant).failures.clear();
      await server.stop(how);
      await meetOutage(scene);
      await server.start();
      await scene.traffic.flows();
    }
    expect(await scene.end(duringOutage)).toEqual([]);
  },
);

test('a transaction that a stop of the server interrupts is undone, and its lease serves again', async () => {
  await using scene = await openScene({ ...tenants, tenants: tenants.others });
  await using lease = await scene.pool.lease(tenants.troubled[0].tenantId, { operation: 'test' });
  const interrupted = lease.db.$transaction(async (tx) => {
    await tx.$executeRaw`INSERT INTO marks VALUES ('interrupted')`;
    await server.stop('fast');
    await tx.$executeRaw`INSERT INTO marks VALUES ('interrupted')`;
  });
  await expect(interrupted).rejects.toMatchObject({ code: 'TENANT_UNAVAILABLE' });
  await server.start();
  const marks = async () => await lease.db.$queryRaw`SELECT count(*)::int AS count FROM marks WHERE mark = 'interrupted'`.catch(() => null);
  await expect.poll(marks, recovery).toEqual([{ count: 0 }]);
  await lease[Symbol.asyncDispose]();
  expect(await scene.end()).toEqual([]);
});

test('a server that is starting up is an outage until it has', async () => {
  await using scene = await openScene(tenants);
  await server.stop('fast');
  const goOn = await server.startSlowly();
  await expect.poll(refusal, recovery).toBe('57P03');
  for (const tenant of tenants.troubled) scene.traffic.of(tenant).failures.clear();
  await meetOutage(scene);
  await goOn();
  await scene.traffic.flows();
  expect(await scene.end(duringOutage)).toEqual([]);
});

/** The SQLSTATE that the server refuses a connection with. */
async function refusal(): Promise<unknown> {
  const error: unknown = await new Client({ connectionString: server.url }).connect().catch((reason: unknown) => reason);
  return error instanceof DatabaseError ? error.code : error;
}
