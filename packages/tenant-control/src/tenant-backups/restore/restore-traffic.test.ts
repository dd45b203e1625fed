import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { silentLogger } from '@tenantry/service';
import { createTenantDirectory, createTenantPool, type TenantPool } from '@tenantry/tenant-pool';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { Tenant } from '../../tenant.ts';
import { operator } from '../../testing/installation.ts';
import { newSlug, openBackedUpTenants, type BackedUpTenants } from '../testing/backed-up-tenants.ts';

const server = inject('postgresUrl');
const writers = 4;
const cleanup = new AsyncDisposableStack();
let tenants: BackedUpTenants;
let tenant: Tenant;

beforeAll(async () => {
  tenants = cleanup.use(await openBackedUpTenants(server));
  tenant = await tenants.provision();
});
afterAll(async () => await cleanup.disposeAsync());

/** Writers that make one team after the other, until they are stopped. */
class Traffic {
  /** Names of teams that the database said it has. */
  readonly confirmed: string[] = [];
  readonly failures: unknown[] = [];
  readonly #stopping = new AbortController();
  readonly #writers: Promise<void>[];

  constructor(pool: TenantPool) {
    this.#writers = Array.from({ length: writers }, async () => {
      while (!this.#stopping.signal.aborted) await this.#write(pool);
    });
  }

  async until(count: number): Promise<void> {
    const wanted = this.confirmed.length + count;
    while (this.confirmed.length < wanted) await sleep(20);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#writers);
  }

  async #write(pool: TenantPool): Promise<void> {
    try {
      const name = randomUUID();
      await using lease = await pool.lease(tenant.id, { operation: 'write' });
      await lease.db.team.create({ data: { name } });
      this.confirmed.push(name);
    } catch (error) {
      this.failures.push(error);
      await sleep(50);
    }
    await sleep(2);
  }
}

const teams = async (id: string) => (await tenants.query<{ name: string }>(id, 'SELECT name FROM teams')).map(({ name }) => name);

test('a restore in place loses nothing that was written under constant traffic, and turns nobody away for good', async () => {
  const { control, catalog, keyRing, bus } = tenants.installation;
  const directory = cleanup.use(createTenantDirectory({ source: catalog, bus, logger: silentLogger }));
  const pool = cleanup.use(
    await createTenantPool({ directory, keyRing, service: 'test', logger: silentLogger, limits: { waitForTenantMs: 20_000 } }),
  );
  const { id } = await control.backUpTenant(tenant.id, operator);
  const traffic = new Traffic(pool);
  await traffic.until(20);
  await control.restoreBackup(id, operator);
  await traffic.until(20);
  await traffic.stop();

  for (const failure of traffic.failures) {
    expect(failure).toMatchObject({ code: expect.stringMatching(/^TENANT_(?:MIGRATING|UNAVAILABLE)$/), retryAfterMs: expect.any(Number) });
  }
  const [last] = await catalog.listBackups({ limit: 1, filter: { tenantId: tenant.id } });
  expect(last).toMatchObject({ reason: 'RESTORE', state: 'DONE' });
  const kept = await control.restoreBackup(last?.id ?? '', operator, { into: { slug: newSlug(), name: 'What was replaced' } });
  const found = new Set([...(await teams(kept.id)), ...(await teams(tenant.id))]);
  expect(traffic.confirmed.filter((name) => !found.has(name))).toEqual([]);
});
