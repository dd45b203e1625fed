import { startDisposablePostgres } from '@tenantry/backing-services';
import { silentLogger } from '@tenantry/service';
import { generateSecrets, type Secrets } from '@tenantry/stack';
import { openServices } from '@tenantry/subgraph-kit';
import { prepareControlDatabase } from '@tenantry/tenant-control';
import { seedDemoData } from '@tenantry/users/demo-data';
import { Client } from 'pg';
import { Registry } from 'prom-client';
import { z } from 'zod';
import type { TokenIssuer } from '../token-issuer.ts';
import type { BenchRequest } from '../workloads/workload.ts';

/** What both stacks are given: the same tenants on the same server. */
export const installationSchema = z.object({
  postgresUrl: z.string(),
  controlDatabase: z.string(),
  signingKey: z.base64(),
  /** Opens the passwords of the tenants' databases: id and key. */
  credentialsKey: z.tuple([z.string(), z.base64()]),
  tenants: z.array(z.object({ id: z.string(), databaseUrl: z.string() })),
});

export type Installation = z.infer<typeof installationSchema>;

/** Tenants with people and teams in databases of their own, on a Postgres that runs as long as this is not disposed of. */
export interface StackFixture extends AsyncDisposable {
  readonly installation: Installation;
  /** What the request has to be answered with, as SQL has it, by the token of whoever asks: each of the tenants' active people. */
  readonly answers: ReadonlyMap<string, unknown>;
}

export const wholeStackRequest: BenchRequest = {
  query: 'query People { tenant { name tier } users(first: 20) { nodes { id name email role teams { id name } } } }',
  operationName: 'People',
  variables: {},
};

/** The tutorial's clients open up to ten connections to each tenant. */
const settings = { max_connections: '400', shared_buffers: '512MB' };
const controlDatabase = 'bench_control';

export async function openStackFixture(issuer: TokenIssuer, tenantCount: number): Promise<StackFixture> {
  await using cleanup = new AsyncDisposableStack();
  const { url: postgresUrl } = cleanup.use(await startDisposablePostgres({ settings }));
  const secrets = generateSecrets();
  const ids = await provisionTenants({ postgresUrl, secrets, issuer, tenantCount });
  const tenants = await Promise.all(ids.map(async (id) => ({ id, databaseUrl: await databaseUrlOf(postgresUrl, id) })));
  const answers = tenants.map(async (tenant) => {
    const answer = await expectedAnswer(postgresUrl, tenant);
    const subjects = await subjectsOf(tenant, issuer);
    return subjects.map((subject) => [issuer.sign({ subject, tenantId: tenant.id }), answer] as const);
  });
  const fixture = {
    installation: { postgresUrl, controlDatabase, tenants, ...keysOf(secrets) },
    answers: new Map((await Promise.all(answers)).flat()),
  };
  const running = cleanup.move();
  return { ...fixture, [Symbol.asyncDispose]: async () => await running.disposeAsync() };
}

function keysOf({ signingKey, keyRing }: Secrets): Pick<Installation, 'signingKey' | 'credentialsKey'> {
  const [[id, key] = ['', Buffer.alloc(0)]] = keyRing;
  return { signingKey: signingKey.toString('base64'), credentialsKey: [id, key.toString('base64')] };
}

interface ProvisionOptions {
  postgresUrl: string;
  secrets: Secrets;
  issuer: TokenIssuer;
  tenantCount: number;
}

async function provisionTenants({ postgresUrl, secrets, issuer, tenantCount }: ProvisionOptions): Promise<string[]> {
  const controlDatabaseUrl = withDatabase(postgresUrl, controlDatabase);
  await prepareControlDatabase(controlDatabaseUrl);
  await using services = await openServices({
    service: 'bench',
    controlDatabaseUrl,
    clusters: [{ name: 'standard', adminUrl: postgresUrl }],
    keyRing: secrets.keyRing,
    signingKey: secrets.signingKey,
    redisUrl: null,
    logger: silentLogger,
    metrics: new Registry(),
  });
  const { control, pool } = services;
  if (!control) throw new Error('There is a cluster, so there is a control plane.');
  const ids: string[] = [];
  for (let number = 1; number <= tenantCount; number += 1) {
    const slug = `bench-${number}`;
    const actor = { issuer: issuer.issuer, subject: 'bench', requestId: slug };
    const { id } = await control.provisionTenant({ slug, name: `Tenant ${number}` }, { actor });
    await using lease = await pool.lease(id, { operation: 'seed' });
    const owner = { issuer: issuer.issuer, subject: `owner-of-${slug}`, email: `owner@${slug}.example`, name: 'The Owner' };
    await seedDemoData(lease.db, { slug, owner });
    ids.push(id);
  }
  return ids;
}

async function databaseUrlOf(postgresUrl: string, tenantId: string): Promise<string> {
  const sql = 'SELECT database_name FROM tenants WHERE id = $1';
  const [row] = await query<{ database_name: string }>(withDatabase(postgresUrl, controlDatabase), sql, [tenantId]);
  return withDatabase(postgresUrl, row?.database_name ?? '');
}

async function subjectsOf({ databaseUrl }: Installation['tenants'][number], { issuer }: TokenIssuer): Promise<string[]> {
  const sql = "SELECT subject FROM users WHERE issuer = $1 AND status = 'ACTIVE'";
  return (await query<{ subject: string }>(databaseUrl, sql, [issuer])).map(({ subject }) => subject);
}

async function expectedAnswer(postgresUrl: string, { id, databaseUrl }: Installation['tenants'][number]): Promise<unknown> {
  const [tenant] = await query<object>(withDatabase(postgresUrl, controlDatabase), 'SELECT name, tier FROM tenants WHERE id = $1', [id]);
  const nodes = await query<object>(
    databaseUrl,
    `SELECT users.id, users.name, email, role,
            coalesce(jsonb_agg(jsonb_build_object('id', teams.id, 'name', teams.name) ORDER BY teams.name)
                     FILTER (WHERE teams.id IS NOT NULL), '[]') AS teams
     FROM users LEFT JOIN team_members ON user_id = users.id LEFT JOIN teams ON team_id = teams.id
     GROUP BY users.id ORDER BY users.created_at, users.id LIMIT 20`,
  );
  return { data: { tenant, users: { nodes } } };
}

async function query<Row extends object>(connectionString: string, sql: string, values: readonly unknown[] = []): Promise<Row[]> {
  const client = new Client({ connectionString });
  await client.connect();
  try {
    return (await client.query<Row>(sql, [...values])).rows;
  } finally {
    await client.end();
  }
}

function withDatabase(serverUrl: string, database: string): string {
  return Object.assign(new URL(serverUrl), { pathname: `/${database}` }).href;
}
