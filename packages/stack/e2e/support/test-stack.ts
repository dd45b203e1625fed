import { randomBytes } from 'node:crypto';
import { developmentTokenDefaults } from '@tenantry/auth';
import { silentLogger } from '@tenantry/service';
import { startStatementRecorder, type RecordedStatement } from '@tenantry/subgraph-kit/testing';
import type { Tenant } from '@tenantry/tenant-control';
import { Client, escapeIdentifier } from 'pg';
import { inject } from 'vitest';
import { generateSecrets, startStack, type Stack, type StackOptions } from '../../src/index.ts';
import { databaseUrl } from '../../src/database-url.ts';

interface GraphQLAnswer {
  status: number;
  // A test reads what it expects to find; a wrong path fails its assertion.
  // oxlint-disable-next-line typescript/no-explicit-any
  data: any;
  errors?: { message: string; path?: (string | number)[]; extensions: { code: string; retryAfterMs?: number; requestId?: string } }[];
}

export interface TestTenant {
  tenant: Tenant;
  /** Token of the tenant's owner, who has accepted the invitation. */
  ownerToken: string;
  ownerId: string;
}

export interface TestStack extends Stack {
  provision(slug: string): Promise<TestTenant>;
  ask(token: string | null, query: string, variables?: Record<string, unknown>, headers?: Record<string, string>): Promise<GraphQLAnswer>;
  /** The statements that `work` made Postgres run, in the control database and in tenants' databases, read off the wire. */
  recordStatements(work: () => Promise<unknown>): Promise<RecordedStatement[]>;
  operatorToken(...scopes: string[]): string;
  /** What the audit log holds of a request, oldest first. */
  auditOf(
    requestId: string,
  ): Promise<{ action: string; subject: string; tenant_id: string | null; outcome: string; origin: string | null }[]>;
}

/** The whole stack on a control database of its own; disposing of it drops every database and role that it made. */
export async function startTestStack(options: Partial<StackOptions> = {}): Promise<TestStack> {
  const postgresUrl = inject('postgresUrl');
  const controlDatabase = `control_${randomBytes(6).toString('hex')}`;
  const controlUrl = databaseUrl(postgresUrl, controlDatabase);
  const recorder = await startStatementRecorder(postgresUrl);
  const stack = await startStack({
    postgresUrl: recorder.url,
    controlDatabase,
    // Statements are counted; the shelf's would be among them.
    shelf: 0,
    secrets: generateSecrets(),
    port: 0,
    logger: silentLogger,
    ...options,
  });
  return {
    ...stack,
    ask: async (token, query, variables, headers) => await ask(stack.url, token, { query, variables }, headers),
    provision: async (slug) => await provision(stack, slug),
    recordStatements: async (work) => await recorder.record(work),
    auditOf: async (requestId) => {
      const sql = 'SELECT action, subject, tenant_id, outcome, origin FROM audit_log WHERE request_id = $1 ORDER BY at';
      return await withClient(controlUrl, async (client) => (await client.query(sql, [requestId])).rows);
    },
    operatorToken: (...scopes) => stack.signToken({ subject: 'operator', scopes }),
    [Symbol.asyncDispose]: async () => {
      await stack[Symbol.asyncDispose]();
      await recorder[Symbol.asyncDispose]();
      await dropEverything(postgresUrl, controlDatabase, controlUrl);
    },
  };
}

async function ask(url: string, token: string | null, body: object, headers: Record<string, string> = {}): Promise<GraphQLAnswer> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(token !== null && { authorization: `Bearer ${token}` }), ...headers },
    body: JSON.stringify(body),
  });
  const answer: unknown = await response.json();
  if (typeof answer !== 'object' || answer === null) throw new Error(`not a GraphQL answer: ${JSON.stringify(answer)}`);
  return { data: null, ...answer, status: response.status };
}

async function provision(stack: Stack, slug: string): Promise<TestTenant> {
  const { control } = stack.services;
  if (!control) throw new Error('no control plane');
  const email = `owner@${slug}.example`;
  const actor = { issuer: developmentTokenDefaults.issuer, subject: 'test', requestId: `test-${slug}` };
  const tenant = await control.provisionTenant(
    { slug, name: `Tenant ${slug}`, firstOwner: { email, name: `Owner of ${slug}` } },
    { actor },
  );
  const ownerToken = stack.signToken({ subject: `owner-${slug}`, tenantId: tenant.id, email, emailVerified: true });
  const accepted = await ask(stack.url, ownerToken, { query: 'mutation { acceptInvitation { user { id } userErrors { code message } } }' });
  return { tenant, ownerToken, ownerId: accepted.data.acceptInvitation.user.id };
}

async function dropEverything(postgresUrl: string, controlDatabase: string, controlUrl: string): Promise<void> {
  const tenants = await withClient(controlUrl, async (client) => {
    return (
      await client.query<{ database_name: string; role_name: string }>(
        'SELECT database_name, role_name FROM tenants UNION SELECT database_name, role_name FROM shelf',
      )
    ).rows;
  });
  await withClient(postgresUrl, async (client) => {
    for (const { database_name, role_name } of tenants) {
      await client.query(`DROP DATABASE IF EXISTS ${escapeIdentifier(database_name)} WITH (FORCE)`);
      await client.query(`DROP ROLE IF EXISTS ${escapeIdentifier(role_name)}`);
    }
    await client.query(`DROP DATABASE IF EXISTS ${escapeIdentifier(controlDatabase)} WITH (FORCE)`);
  });
}

async function withClient<Result>(url: string, use: (client: Client) => Promise<Result>): Promise<Result> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}
