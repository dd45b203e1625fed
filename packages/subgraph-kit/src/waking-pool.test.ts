import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { silentLogger, type KeyRing } from '@tenantry/service';
import { prepareControlDatabase, type Tenant } from '@tenantry/tenant-control';
import { Client } from 'pg';
import { Registry } from 'prom-client';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { TenantWakingError, type TenantPool } from '@tenantry/tenant-pool';
import { openServices, type OpenServices, type ServicesConfig } from './services.ts';
import { openWakingPool } from './waking-pool.ts';

const keyRing: KeyRing = new Map([['k1', randomBytes(32)]]);
const database = `control_${randomBytes(6).toString('hex')}`;
const actor = { issuer: 'test', subject: 'test', requestId: 'test' };
const serverUrl = inject('postgresUrl');
const controlDatabaseUrl = new URL(`/${database}`, serverUrl).href;
let manager: OpenServices;
let tenant: Tenant;

async function query<Row>(url: string, sql: string): Promise<Row[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

/** A process that manages clusters, or one that only serves. */
async function open(options: Partial<ServicesConfig> = {}): Promise<OpenServices> {
  const config = {
    service: 'test',
    controlDatabaseUrl,
    clusters: [],
    keyRing,
    signingKey: randomBytes(32),
    redisUrl: null,
    // Longer than by default: how long waking takes is not what is tested.
    waitForTenantMs: 30_000,
    logger: silentLogger,
    metrics: new Registry(),
  };
  return await openServices({ ...config, ...options });
}

const openManager = async () => await open({ clusters: [{ name: 'standard', adminUrl: serverUrl, shelf: 0 }] });

beforeAll(async () => {
  await prepareControlDatabase(controlDatabaseUrl);
  manager = await openManager();
});
afterAll(async () => {
  await manager?.[Symbol.asyncDispose]();
  const tenants = await query<{ name: string }>(controlDatabaseUrl, 'SELECT database_name AS name FROM tenants');
  for (const { name } of tenants) await query(serverUrl, `DROP DATABASE IF EXISTS "${name}" WITH (FORCE)`);
  for (const { name } of tenants) await query(serverUrl, `DROP ROLE IF EXISTS "${name}"`);
  await query(serverUrl, `DROP DATABASE "${database}" WITH (FORCE)`);
});

function controlOf({ control }: OpenServices) {
  if (!control) throw new Error('This process manages a cluster.');
  return control;
}

beforeEach(async () => {
  const slug = `t${randomBytes(6).toString('hex')}`;
  tenant = await controlOf(manager).provisionTenant({ slug, name: slug }, { actor });
});

async function countUsers({ pool }: OpenServices): Promise<number> {
  await using lease = await pool.lease(tenant.id, { operation: 'count' });
  return await lease.db.user.count();
}

const hibernate = async () => await controlOf(manager).hibernateTenant(tenant.id, actor);
const statusIn = async ({ catalog }: OpenServices) => (await catalog.findTenants([tenant.id]))[0]?.status;
const wakings = async () => (await manager.catalog.findLatestRuns([tenant.id], 20)).filter(({ kind }) => kind === 'WAKE');
const lastActive = async () => (await manager.catalog.findTenants([tenant.id]))[0]?.lastActiveAt ?? null;

describe('a tenant that hibernates', () => {
  it('is woken by the first request for it, which waits, in a process that manages nothing', async () => {
    await using reader = await open();
    expect(await countUsers(reader)).toBe(0);
    await hibernate();
    await expect.poll(async () => await statusIn(reader)).toBe('HIBERNATED');
    expect(await countUsers(reader)).toBe(0);
    expect(await statusIn(reader)).toBe('ACTIVE');
  });

  it('is woken once, however many requests there are in how many processes', async () => {
    await using reader = await open();
    await using other = await open();
    await Promise.all([reader, other, manager].map(countUsers));
    await hibernate();
    const counts = Array.from({ length: 60 }, async (_, index) => await countUsers([reader, other, manager][index % 3] ?? reader));
    expect(new Set(await Promise.all(counts))).toEqual(new Set([0]));
    expect(await wakings()).toMatchObject([{ state: 'DONE' }]);
  });

  it('refuses the first request where none waits, and says when to come back; then the next one is answered', async () => {
    await using reader = await open({ waitForTenantMs: 0 });
    await hibernate();
    const refusal = await countUsers(reader).catch((error: unknown) => error);
    expect(refusal).toMatchObject({ code: 'TENANT_WAKING', retryAfterMs: 2000 });
    await expect.poll(async () => await countUsers(reader).catch(() => 'not yet')).toBe(0);
    expect(await wakings()).toHaveLength(1);
  });

  it('is woken by Redis’s word, too', async (context) => {
    const redisUrl = inject('redisUrl');
    context.skip(redisUrl === null, inject('redisMissing'));
    await using reader = await open({ redisUrl });
    await using redisManager = await open({ redisUrl, clusters: [{ name: 'standard', adminUrl: serverUrl, shelf: 0 }] });
    await controlOf(redisManager).hibernateTenant(tenant.id, actor);
    expect(await countUsers(reader)).toBe(0);
  });

  it('waits for somebody who can wake it, and is then', async () => {
    await using reader = await open({ waitForTenantMs: 100 });
    await hibernate();
    await manager[Symbol.asyncDispose]();
    await expect(countUsers(reader)).rejects.toMatchObject({ code: 'TENANT_WAKING' });
    expect(await statusIn(reader)).toBe('WAKING');
    manager = await openManager();
    await expect.poll(async () => await statusIn(reader), { timeout: 20_000 }).toBe('ACTIVE');
    await expect.poll(async () => await countUsers(reader).catch(() => 'not yet')).toBe(0);
  });
});

it('a tenant that does not wake is asked to once in a while, however many requests there are for it', async () => {
  let asked = 0;
  const asleep: Pick<TenantPool, 'lease' | 'evict'> = {
    lease: async () => {
      throw new TenantWakingError('It hibernates.');
    },
    evict: async () => {},
  };
  await hibernate();
  const placement = await manager.catalog.findPlacement(tenant.id);
  if (!placement) throw new Error('There is no such tenant.');
  const pool = openWakingPool(
    { ...asleep, [Symbol.asyncDispose]: async () => {} },
    {
      directory: { lookup: async () => placement, invalidate: async () => {} },
      bus: { publish: async () => {} },
      catalog: { requestWake: async () => ++asked === 0 },
      activity: { note: () => {} },
      logger: silentLogger,
      shareMs: 100,
    },
  );
  const ask = async (tenantId: string) => await expect(pool.lease(tenantId, { operation: 'ask' })).rejects.toThrow(TenantWakingError);
  await Promise.all(Array.from({ length: 50 }, async (_, index) => await ask(index % 2 ? tenant.id : tenant.id.toUpperCase())));
  expect(asked).toBe(1);
  await sleep(150);
  await ask(tenant.id);
  expect(asked).toBe(2);
});

describe('a tenant that was leased', () => {
  it('is recorded as in use after a while, also for a job that wants to know who is not', async () => {
    await using reader = await open({ recordActivityMs: 20 });
    expect(await lastActive()).toBeNull();
    await countUsers(reader);
    await expect.poll(lastActive).toBeInstanceOf(Date);
  });

  it('is recorded at the latest when the process ends', async () => {
    {
      await using reader = await open();
      await countUsers(reader);
      expect(await lastActive()).toBeNull();
    }
    expect(await lastActive()).toBeInstanceOf(Date);
  });

  it('is not, when it was refused', async () => {
    await controlOf(manager).suspendTenant(tenant.id, actor);
    {
      await using reader = await open();
      await expect(countUsers(reader)).rejects.toMatchObject({ code: 'TENANT_SUSPENDED' });
    }
    expect(await lastActive()).toBeNull();
  });
});
