import { randomBytes } from 'node:crypto';
import { silentLogger, type KeyRing } from '@tenantry/service';
import { prepareControlDatabase, runTopic } from '@tenantry/tenant-control';
import { Client } from 'pg';
import { Registry } from 'prom-client';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { openServices, type OpenServices } from './services.ts';

const keyRing: KeyRing = new Map([['k1', randomBytes(32)]]);
const database = `control_${randomBytes(6).toString('hex')}`;
const actor = { issuer: 'test', subject: 'test', requestId: 'test' };
const controlDatabaseUrl = new URL(`/${database}`, inject('postgresUrl')).href;

async function query(sql: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: inject('postgresUrl') });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

async function open(options: { redisUrl: string | null; manages: boolean; metrics?: Registry }): Promise<OpenServices> {
  const clusters = options.manages ? [{ name: 'standard', adminUrl: inject('postgresUrl') }] : [];
  const { redisUrl, metrics = new Registry() } = options;
  return await openServices({
    service: 'test',
    controlDatabaseUrl,
    clusters,
    clusterConnections: { standard: 9 },
    keyRing,
    signingKey: randomBytes(32),
    redisUrl,
    logger: silentLogger,
    metrics,
  });
}

/** A tenant that `reader` serves until `manager` suspends it. */
async function suspendBeneath(manager: OpenServices, reader: OpenServices): Promise<() => Promise<string>> {
  const slug = `t${randomBytes(6).toString('hex')}`;
  const tenant = await manager.control?.provisionTenant({ slug, name: slug }, { actor });
  if (!tenant) throw new Error('The manager has a cluster.');
  const countUsers = async () => {
    await using lease = await reader.pool.lease(tenant.id, { operation: 'count' });
    return `${await lease.db.user.count()} users`;
  };
  expect(await countUsers()).toBe('0 users');
  await manager.control?.suspendTenant(tenant.id, actor);
  return async () => await countUsers().catch((error: { code: string }) => error.code);
}

beforeAll(async () => await prepareControlDatabase(controlDatabaseUrl));
afterAll(async () => {
  const control = new Client({ connectionString: controlDatabaseUrl });
  await control.connect();
  const { rows } = await control.query<{ database_name: string; role_name: string }>(
    'SELECT database_name, role_name FROM tenants UNION SELECT database_name, role_name FROM shelf',
  );
  await control.end();
  for (const tenant of rows) await query(`DROP DATABASE IF EXISTS "${tenant.database_name}" WITH (FORCE)`);
  for (const tenant of rows) await query(`DROP ROLE IF EXISTS "${tenant.role_name}"`);
  await query(`DROP DATABASE "${database}"`);
});

describe('openServices', () => {
  it('has no control plane without clusters', async () => {
    await using services = await open({ redisUrl: null, manages: false });
    expect(services.control).toBeNull();
  });

  it('leaves no connection behind', async () => {
    await using manager = await open({ redisUrl: null, manages: true });
    {
      await using reader = await open({ redisUrl: null, manages: false });
      await suspendBeneath(manager, reader);
    }
    await manager[Symbol.asyncDispose]();
    const connections = `SELECT count(*)::int AS connections FROM pg_stat_activity WHERE datname = '${database}'`;
    await expect.poll(async () => await query(connections)).toEqual([{ connections: 0 }]);
  });

  it('hears of changes in another process through Postgres', async () => {
    await using manager = await open({ redisUrl: null, manages: true });
    await using reader = await open({ redisUrl: null, manages: false });
    const outcome = await suspendBeneath(manager, reader);
    await expect.poll(outcome).toBe('TENANT_SUSPENDED');
  });

  it('hears of changes in another process through Redis', async (context) => {
    const redisUrl = inject('redisUrl');
    context.skip(redisUrl === null, inject('redisMissing'));
    await using manager = await open({ redisUrl, manages: true });
    await using reader = await open({ redisUrl, manages: false });
    const outcome = await suspendBeneath(manager, reader);
    await expect.poll(outcome).toBe('TENANT_SUSPENDED');
  });

  it('carries word of changes to other processes through Redis alone, where there is one', async (context) => {
    const redisUrl = inject('redisUrl');
    context.skip(redisUrl === null, inject('redisMissing'));
    await using manager = await open({ redisUrl, manages: true });
    await using reader = await open({ redisUrl, manages: false });
    const slug = `t${randomBytes(6).toString('hex')}`;
    const tenant = await manager.control?.provisionTenant({ slug, name: slug }, { actor });
    using runs = await reader.events.follow({ tenantId: tenant?.id ?? '', topic: runTopic });
    await manager.control?.hibernateTenant(tenant?.id ?? '', actor);
    const run = await runs.next();
    expect(await reader.catalog.findRun(run ?? '')).toMatchObject({ tenantId: tenant?.id, kind: 'HIBERNATE' });
    const listening = "SELECT count(*)::int AS connections FROM pg_stat_activity WHERE application_name = 'tenantry:events'";
    expect(await query(`${listening} AND datname = '${database}'`)).toEqual([{ connections: 0 }]);
  });

  it('ends the subscriptions that are open when it is disposed of', async () => {
    const services = await open({ redisUrl: null, manages: false });
    const context = { principal: null, tenantId: null, impersonated: false, origin: null };
    const reasons: string[] = [];
    using _admission = await services.subscriptions.admit(context, ({ code }) => reasons.push(code));
    const left = await services.subscriptions.admit(context, ({ code }) => reasons.push(code));
    left[Symbol.dispose]();
    await services[Symbol.asyncDispose]();
    expect(reasons).toEqual(['TENANT_UNAVAILABLE']);
  });

  it('takes no more than a share of a cluster’s connections', async () => {
    const registries = [new Registry(), new Registry()] as const;
    await using manager = await open({ redisUrl: null, manages: true, metrics: registries[0] });
    await using reader = await open({ redisUrl: null, manages: false, metrics: registries[1] });
    const slug = `t${randomBytes(6).toString('hex')}`;
    const tenant = await manager.control?.provisionTenant({ slug, name: slug }, { actor });
    const leases = [manager, reader].map(async ({ pool }) => await pool.lease(tenant?.id ?? '', { operation: 'look' }));
    for (const lease of leases) await (await lease)[Symbol.asyncDispose]();
    const shares = async () => {
      const metrics = registries.map(async (registry) => await registry.getSingleMetric('tenantry_pool_budget_connections')?.get());
      return (await Promise.all(metrics)).map((metric) => metric?.values[0]?.value ?? 0).toSorted((a, b) => a - b);
    };
    await expect.poll(shares, { timeout: 10_000 }).toEqual([4, 5]);
  });

  it('serves without a Redis that is not there', async () => {
    await using manager = await open({ redisUrl: null, manages: true });
    await using reader = await open({ redisUrl: 'redis://127.0.0.1:1', manages: false });
    expect(await suspendBeneath(manager, reader)).toBeTypeOf('function');
  });
});
