import { randomBytes, randomUUID } from 'node:crypto';
import type { Principal } from '@tenantry/auth';
import type { UserRole, UserStatus } from '@tenantry/prisma/tenant';
import { silentLogger, type KeyRing } from '@tenantry/service';
import { prepareControlDatabase, type Tenant, type TenantControl } from '@tenantry/tenant-control';
import { Client } from 'pg';
import { Registry } from 'prom-client';
import { openServices, type OpenServices, type ServicesConfig } from '../services.ts';
import { startStatementRecorder, type StatementRecorder } from './statement-recorder.ts';

/** A control database, tenants on a real Postgres, and the services of a process over both. */
export interface TestInstallation extends AsyncDisposable {
  readonly services: OpenServices;
  readonly control: TenantControl;
  readonly controlDatabase: string;
  readonly controlDatabaseUrl: string;
  readonly keyRing: KeyRing;
  /** Sees every statement to any database of the installation. */
  readonly statements: StatementRecorder;
  /** A new tenant, called by its slug. */
  provision(): Promise<Tenant>;
  /** Adds a user, and tells whom their token speaks for. */
  addUser(tenantId: string, user?: { role?: UserRole; status?: UserStatus; name?: string }): Promise<Principal>;
}

export interface TestInstallationOptions extends Pick<ServicesConfig, 'backupStore' | 'subscriptionLimits'> {
  /** Beside `standard`. What is made there is not dropped. */
  readonly moreClusters?: ServicesConfig['clusters'];
}

/** @param postgresUrl of a server's administrator; everything that is made there is dropped by disposing of the result */
export async function openTestInstallation(
  postgresUrl: string,
  { moreClusters = [], ...options }: TestInstallationOptions = {},
): Promise<TestInstallation> {
  await using opened = new AsyncDisposableStack();
  const statements = opened.use(await startStatementRecorder(postgresUrl));
  const controlDatabase = `control_${randomBytes(6).toString('hex')}`;
  opened.defer(async () => await dropInstallation(postgresUrl, controlDatabase));
  const controlDatabaseUrl = withDatabase(statements.url, controlDatabase);
  await prepareControlDatabase(controlDatabaseUrl);
  const keyRing: KeyRing = new Map([['k1', randomBytes(32)]]);
  const services = opened.use(
    await openServices({
      service: 'test',
      controlDatabaseUrl,
      // Statements are counted; the shelf's would be among them.
      clusters: [{ name: 'standard', adminUrl: statements.url, shelf: 0 }, ...moreClusters],
      keyRing,
      signingKey: randomBytes(32),
      redisUrl: null,
      logger: silentLogger,
      metrics: new Registry(),
      ...options,
    }),
  );
  const { control, pool } = services;
  if (!control) throw new Error('There is a cluster, so there is a control plane.');
  const running = opened.move();
  return {
    services,
    control,
    controlDatabase,
    controlDatabaseUrl,
    keyRing,
    statements,
    provision: async () => {
      const slug = `t${randomBytes(6).toString('hex')}`;
      return await control.provisionTenant(
        { slug, name: `Tenant ${slug}` },
        { actor: { issuer: 'test', subject: 'test', requestId: slug } },
      );
    },
    addUser: async (tenantId, { role = 'MEMBER', status = 'ACTIVE', name = 'Somebody' } = {}) => {
      const principal = memberOf(tenantId);
      const { issuer, subject, email } = principal;
      await using lease = await pool.lease(tenantId, { operation: 'add user' });
      await lease.db.user.create({ data: { email: email ?? subject, name, role, status, issuer, subject } });
      return principal;
    },
    [Symbol.asyncDispose]: async () => await running.disposeAsync(),
  };
}

/** Somebody with a token for the tenant, whom it may or may not know. */
export function memberOf(tenantId: string): Principal {
  const subject = randomUUID();
  const email = `${subject}@people.example`;
  return { issuer: 'https://id.example', subject, tenantId, scopes: [], email, emailVerified: true, expiresAt: null };
}

/** A platform operator. */
export function operatorWith(...scopes: string[]): Principal {
  const subject = randomUUID();
  return { issuer: 'https://id.example', subject, tenantId: null, scopes, email: null, emailVerified: false, expiresAt: null };
}

async function dropInstallation(postgresUrl: string, controlDatabase: string): Promise<void> {
  const tenants = await query<{ database_name: string; role_name: string }>(
    withDatabase(postgresUrl, controlDatabase),
    'SELECT database_name, role_name FROM tenants UNION SELECT database_name, role_name FROM shelf',
  ).catch(() => []);
  for (const { database_name: database, role_name: role } of tenants) {
    await query(postgresUrl, `DROP DATABASE IF EXISTS "${database}" WITH (FORCE)`);
    // With the logins that rotations have made.
    const roles = await query<{ rolname: string }>(postgresUrl, `SELECT rolname FROM pg_roles WHERE starts_with(rolname, '${role}')`);
    for (const { rolname } of roles) await query(postgresUrl, `DROP ROLE "${rolname}"`);
  }
  await query(postgresUrl, `DROP DATABASE IF EXISTS "${controlDatabase}" WITH (FORCE)`);
}

async function query<Row extends object>(url: string, sql: string): Promise<Row[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Row>(sql)).rows;
  } finally {
    await client.end();
  }
}

function withDatabase(serverUrl: string, database: string): string {
  const url = new URL(serverUrl);
  url.pathname = `/${database}`;
  return url.href;
}
