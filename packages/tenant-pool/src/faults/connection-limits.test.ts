import { startDisposablePostgres } from '@tenantry/backing-services';
import { Client, DatabaseError } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TenantPlacement } from '../directory/placement.ts';
import { openScene } from './scene.ts';
import { createTenants, createTenantsOnTwoServers, disconnect, type Tenants } from './tenants.ts';

/** Both, as a breaker that is probed may find the other reason: a connection that was cut, or one that is not to be had. */
const starvation = ['TENANT_BUSY', 'TENANT_UNAVAILABLE'];

describe('a connection limit', () => {
  let tenants: Tenants;

  beforeAll(async () => void (tenants = await createTenants(3)));
  afterAll(async () => await tenants?.[Symbol.asyncDispose]());

  const ofTroubled = (tenant: TenantPlacement) => (tenant === tenants.troubled ? starvation : []);

  test('of a tenant’s role that leaves it one connection slows that tenant down, and stops nobody', async () => {
    const { databases, troubled } = tenants;
    await using scene = await openScene(tenants);
    await databases.administer(`ALTER ROLE ${troubled.role} CONNECTION LIMIT 1`);
    await disconnect(databases, troubled);
    await scene.traffic.of(troubled).meets('TENANT_BUSY');
    await scene.traffic.flows();
    await databases.administer(`ALTER ROLE ${troubled.role} CONNECTION LIMIT -1`);
    await scene.traffic.flows();
    expect(await scene.end(ofTroubled)).toEqual([]);
  });

  test('of a tenant’s database that leaves it none makes it busy until there are some', async () => {
    const { databases, troubled, others } = tenants;
    await using scene = await openScene(tenants);
    await databases.administer(`ALTER DATABASE ${troubled.database} CONNECTION LIMIT 0`);
    await disconnect(databases, troubled);
    await scene.traffic.of(troubled).meets('TENANT_BUSY');
    await scene.traffic.flows(others);
    await databases.administer(`ALTER DATABASE ${troubled.database} CONNECTION LIMIT -1`);
    await scene.traffic.flows();
    expect(await scene.end(ofTroubled)).toEqual([]);
  });
});

/** Takes every connection that a role may have on a server. */
class Hog implements AsyncDisposable {
  readonly #url: string;
  readonly #clients: Client[] = [];

  constructor(url: string) {
    this.#url = url;
  }

  async fill(): Promise<void> {
    for (;;) {
      const client = new Client({ connectionString: this.#url });
      client.on('error', () => {});
      try {
        await client.connect();
      } catch (error) {
        if (error instanceof DatabaseError && error.code === '53300') return;
        throw error;
      }
      this.#clients.push(client);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#clients.splice(0).map(async (client) => await client.end()));
  }
}

test('a server whose connections others have taken makes the tenant busy that has none, and serves the rest', async () => {
  await using server = await startDisposablePostgres({ settings: { max_connections: '20' } });
  await using tenants = await createTenantsOnTwoServers(server.url);
  const { databases, others, troubled } = tenants;
  const [starved, served] = troubled;
  await databases.administer(`CREATE ROLE hog LOGIN PASSWORD 'hog'`);
  await using hog = new Hog(Object.assign(new URL(server.url), { username: 'hog', password: 'hog' }).href);
  await using scene = await openScene(tenants);

  const starve = async () => {
    await disconnect(databases, starved);
    await hog.fill();
    return scene.traffic.of(starved).failures.has('TENANT_BUSY') && (await databases.sessions(starved)).length === 0;
  };
  await expect.poll(starve, { timeout: 20_000, interval: 20 }).toBe(true);
  await scene.traffic.flows([served, ...others]);
  await hog[Symbol.asyncDispose]();
  await scene.traffic.flows();
  // Who is served may have wanted more connections than it had.
  const allowed = new Map([
    [starved, starvation],
    [served, ['TENANT_BUSY']],
  ]);
  expect(await scene.end((tenant) => allowed.get(tenant) ?? [])).toEqual([]);
});
