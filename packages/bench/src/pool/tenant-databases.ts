import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { migrateDatabase } from '@tenantry/prisma';
import { Client, type Pool } from 'pg';
import { seedStatements } from './seed.ts';
import type { Tenant } from './tenant.ts';

const migrations = join(import.meta.dirname, '../../prisma/migrations');

/** Makes the database that tenants are copies of: the schema, and a little of everything in it. */
export async function createTemplate(administrator: Pool, serverUrl: string, role: string): Promise<string> {
  const template = 'bench_template';
  await administrator.query(`CREATE DATABASE ${template}`);
  const url = urlOf(serverUrl, template);
  await migrateDatabase({ url, database: 'tenant', folder: migrations });
  await within(url, [...seedStatements, `GRANT ALL ON ALL TABLES IN SCHEMA public TO ${role}`, 'VACUUM (FREEZE, ANALYZE)']);
  return template;
}

export interface TenantDatabaseOptions {
  administrator: Pool;
  /** The administrator's. */
  url: string;
  template: string;
  role: string;
  password: string;
  index: number;
}

export async function createTenant({ administrator, url, template, role, password, index }: TenantDatabaseOptions): Promise<Tenant> {
  const database = `bench_${index}`;
  await administrator.query(`CREATE DATABASE ${database} OWNER ${role} TEMPLATE ${template} STRATEGY wal_log`);
  const own = new URL(urlOf(url, database));
  own.username = role;
  own.password = password;
  // Postgres writes a cache file at the first connection to a database. That is its cold start, not a client's.
  await within(own.href, ['SELECT count(*) FROM users']);
  return { tenantId: randomUUID(), url: own.href };
}

function urlOf(serverUrl: string, database: string): string {
  return Object.assign(new URL(serverUrl), { pathname: database }).href;
}

async function within(connectionString: string, statements: readonly string[]): Promise<void> {
  const client = new Client({ connectionString });
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}
