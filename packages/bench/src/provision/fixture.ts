import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, chmod } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedPostgres } from '@tenantry/backing-services';
import { silentLogger } from '@tenantry/service';
import { generateSecrets, startStack, type Stack } from '@tenantry/stack';
import { Client, Pool } from 'pg';
import type { ScenarioContext } from '../scenario.ts';

/** Databases that are ready at the beginning of each burst of the sustained load. */
const shelfSize = 16;

/** A gateway with all behind it, and an operator who sends it mutations over HTTP. */
interface Installation {
  /** Milliseconds until a tenant is ACTIVE, with an owner invited in it or without. */
  provision(options?: { firstOwner?: boolean }): Promise<number>;
  /** Resolves when the shelf is full. */
  refill(): Promise<void>;
}

/** A Postgres that keeps what it was told (`fsync` on), and the ways to a tenant's database on it. */
export interface ProvisionFixture extends AsyncDisposable {
  readonly postgres: string;
  readonly url: string;
  readonly administrator: Pool;
  readonly shelved: Installation;
  readonly withoutShelf: Installation;
  /** Name of the database that Tenantry clones; nobody can connect to it. */
  readonly template: string;
}

export async function openProvisionFixture({ progress }: Omit<ScenarioContext<never>, 'fixture'>): Promise<ProvisionFixture> {
  progress.update('starting Postgres and two gateways');
  await using resources = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), 'tenantry-bench-'));
  resources.defer(async () => await rm(directory, { recursive: true, force: true }));
  await chmod(directory, 0o755);
  const settings = { max_connections: '300', shared_buffers: '512MB' };
  const server = resources.use(
    await startEmbeddedPostgres({ directory, password: randomBytes(18).toString('base64url'), durable: true, settings }),
  );
  const administrator = new Pool({ connectionString: server.url, max: 2 });
  administrator.on('error', () => {});
  resources.defer(async () => await administrator.end());
  const shelved = await openInstallation(server.url, 'control_shelved', shelfSize, resources);
  const withoutShelf = await openInstallation(server.url, 'control_without_shelf', 0, resources);
  const { rows } = await administrator.query<{ version: string; template: string }>(
    `SELECT current_setting('server_version') AS version, datname AS template FROM pg_database WHERE datname LIKE 'tenantry_template_%'`,
  );
  const owned = resources.move();
  return {
    postgres: rows[0]?.version ?? '',
    url: server.url,
    administrator,
    shelved,
    withoutShelf,
    template: rows[0]?.template ?? '',
    [Symbol.asyncDispose]: async () => await owned.disposeAsync(),
  };
}

/** Milliseconds that `work` took. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

/** Connects to a database of the server, as its tenant would first. */
export async function connectTo(url: string, database: string): Promise<void> {
  const client = new Client({ connectionString: Object.assign(new URL(url), { pathname: `/${database}` }).href });
  await client.connect();
  await client.query('SELECT 1');
  await client.end();
}

async function openInstallation(
  postgresUrl: string,
  controlDatabase: string,
  shelf: number,
  resources: AsyncDisposableStack,
): Promise<Installation> {
  const options = { postgresUrl, controlDatabase, shelf, secrets: generateSecrets(), port: 0, logger: silentLogger };
  const stack = resources.use(await startStack({ ...options, mode: 'production' }));
  const token = stack.signToken({ subject: 'operator', scopes: ['tenants:write'] });
  return {
    provision: async ({ firstOwner = false } = {}) => await timed(async () => await provision(stack, token, firstOwner)),
    refill: async () => void (await stack.services.control?.refillShelves()),
  };
}

const mutation = `mutation Provision($input: ProvisionTenantInput!) {
  provisionTenant(input: $input) { tenant { id status } userErrors { message } }
}`;

async function provision({ url }: Stack, token: string, firstOwner: boolean): Promise<void> {
  const slug = `t-${randomBytes(8).toString('hex')}`;
  const input = { slug, name: slug, ...(firstOwner && { firstOwner: { email: `owner@${slug}.example`, name: 'Owner' } }) };
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ query: mutation, variables: { input } }),
  });
  const answer = await response.text();
  if (!answer.includes('"ACTIVE"')) throw new Error(`The tenant was not provisioned: ${answer}`);
}
