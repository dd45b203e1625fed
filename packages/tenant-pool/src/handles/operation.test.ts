import type { SqlDriverAdapter } from '@prisma/driver-adapter-utils';
import { Prisma } from '@tenantry/prisma/tenant';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { NoTenantError, TenantBusyError } from '../errors.ts';
import { openTenantAdapter, type TenantAdapter } from '../testing/tenant-adapters.ts';
import { createTenantDatabases, type TenantDatabases } from '../testing/tenant-databases.ts';
import { freeGrant, type HandleGrant, type QueryReport } from './grant.ts';
import { createTenantClients, type EntryClient, type TenantClients } from './tenant-clients.ts';

let databases: TenantDatabases;
let opened: TenantAdapter;

beforeAll(async () => {
  databases = await createTenantDatabases(1);
  opened = await openTenantAdapter(databases, databases.tenant(0));
});
afterAll(async () => {
  await opened?.[Symbol.asyncDispose]();
  await databases?.[Symbol.asyncDispose]();
});

describe.each(['shared-client', 'client-per-tenant'] as const)('an operation over a %s', (strategy) => {
  let clients: TenantClients;
  const reports: QueryReport[] = [];
  const grant: HandleGrant = { ...freeGrant, onQuery: (report) => void reports.push(report) };

  beforeAll(() => {
    clients = createTenantClients({ strategy, transactionWaitMs: 1000 });
  });
  afterAll(async () => await clients?.[Symbol.asyncDispose]());

  test('is reported once, as its caller named it', async () => {
    reports.length = 0;
    await using client = clients.open(opened.adapter);
    const db = client.handleFor(grant).$extends({ name: 'one' });
    await db.user.findUnique({ where: { email: 'a' }, include: { memberships: true } });
    await db.$queryRaw`SELECT 1`;
    await db.$queryRaw`SELECT nothing`.catch(() => {});
    await db.$transaction(async (tx) => await tx.user.count());
    const durationMs = expect.any(Number);
    expect(reports).toEqual([
      { model: 'User', operation: 'findUnique', durationMs, ok: true },
      { model: undefined, operation: '$queryRaw', durationMs, ok: true },
      { model: undefined, operation: '$queryRaw', durationMs, ok: false },
      { model: 'User', operation: 'count', durationMs, ok: true },
      { model: undefined, operation: '$transaction', durationMs, ok: true },
    ]);
  });

  test('reaches no database once its client was disposed of', async () => {
    const client = clients.open(opened.adapter);
    const db = client.handleFor(grant);
    expect(await db.user.count()).toBe(0);
    await client[Symbol.asyncDispose]();
    const work = [db.user.count(), db.$queryRaw`SELECT 1`, db.$read(Prisma.sql`SELECT 1`)];
    for (const late of [...work, db.$transaction(async (tx) => await tx.user.count())]) {
      await expect(late).rejects.toThrow(NoTenantError);
    }
  });

  test('fails with the error of ours that its adapter throws', async () => {
    const busy = new TenantBusyError('no turn');
    await using client = clients.open(failing(busy));
    const db = client.handleFor(grant);
    for (const refused of [
      db.user.count(),
      db.user.findUnique({ where: { email: 'a' } }),
      db.user.update({ where: { email: 'a' }, data: { name: 'A', memberships: { deleteMany: {} } } }),
      db.$executeRaw`SELECT 1`,
      db.$read(Prisma.sql`SELECT 1`),
      db.$transaction(async (tx) => await tx.user.count()),
      db.$extends({ name: 'one' }).user.count(),
      db.$extends({ name: 'one' }).$transaction(async (tx) => await tx.user.count()),
    ]) {
      expect(await refused.catch((error: unknown) => error)).toBe(busy);
    }
  });

  test('has what its database fails with explained, once', async () => {
    await using client = clients.open(failing(new Error('lost')));
    const { handle, explained } = explaining(client);
    for (const db of [handle, handle.$extends({ name: 'one' }), handle.$extends({ name: 'one' }).$extends({ name: 'two' })]) {
      explained.length = 0;
      await expect(db.user.count()).rejects.toThrow('explained');
      expect(explained).toEqual([expect.objectContaining({ message: expect.stringContaining('lost') })]);
    }
    explained.length = 0;
    await expect(handle.$read(Prisma.sql`SELECT 1`)).rejects.toThrow('explained');
    expect(explained).toEqual([expect.objectContaining({ message: 'lost' })]);
  });

  test('has what an extension of its caller throws left alone', async () => {
    await using client = clients.open(opened.adapter);
    const { handle, explained } = explaining(client);
    const own = Object.assign(new Error('its cache is gone'), { code: 'ECONNREFUSED' });
    const throwing = handle.$extends({
      query: {
        user: {
          count: async () => {
            throw own;
          },
        },
      },
    });
    await expect(throwing.user.count()).rejects.toBe(own);
    await expect(throwing.$extends({ name: 'two' }).user.count()).rejects.toBe(own);
    expect(explained).toEqual([]);
  });
});

/** A handle, and what its grant was asked to explain. */
function explaining(client: EntryClient) {
  const explained: unknown[] = [];
  const explain = (cause: unknown) => {
    explained.push(cause);
    return new Error('explained', { cause });
  };
  return { handle: client.handleFor({ ...freeGrant, explain }), explained };
}

/** An adapter that reaches no database. */
function failing(error: Error): SqlDriverAdapter {
  const refuse = async () => {
    throw error;
  };
  return { ...opened.adapter, queryRaw: refuse, executeRaw: refuse, startTransaction: refuse };
}
