import { randomBytes } from 'node:crypto';
import { silentLogger, type KeyRing } from '@tenantry/service';
import type { InvalidationBus } from '@tenantry/tenant-pool';
import { Client, escapeIdentifier } from 'pg';
import type { BackupStore } from '../backups/stores/backup-store.ts';
import { openCatalog, type Catalog } from '../catalog/catalog.ts';
import type { ClusterConfig } from '../clusters/cluster-config.ts';
import { prepareControlDatabase } from '../control-database.ts';
import { databaseUrl } from '../postgres/connection.ts';
import type { Patience } from '../credentials/patience.ts';
import type { TenantBackups } from '../life/tenant-backups.ts';
import type { MovePatience } from '../moves/patience.ts';
import type { ReachFaultPoint } from '../sagas/saga.ts';
import type { BackupPolicy } from '../tenant-backups/backup-policy.ts';
import { createTenantControl, type TenantControl } from '../tenant-control.ts';
import type { Actor } from '../tenant.ts';

/** A control plane of its own on the tests' Postgres. Disposing of it drops every database and role that it made. */
export interface Installation extends AsyncDisposable {
  readonly controlDatabaseUrl: string;
  readonly catalog: Catalog;
  readonly control: TenantControl;
  readonly keyRing: KeyRing;
  readonly bus: InvalidationBus;
  /** Ids of the tenants whose change was published, in order. */
  readonly published: string[];
  /** Runs in the control database. */
  query<Row>(sql: string, values?: unknown[]): Promise<Row[]>;
}

export interface InstallationOptions {
  /** Superuser's URL of the server. */
  serverUrl: string;
  /** Default: one, `standard`, on the server. */
  clusters?: readonly ClusterConfig[];
  rotation?: Partial<Patience>;
  moves?: Partial<MovePatience>;
  backups?: TenantBackups;
  backupPolicy?: BackupPolicy;
  store?: BackupStore;
  removeJobs?: (tenantId: string) => Promise<void>;
  reachFaultPoint?: ReachFaultPoint;
}

export const operator: Actor = { issuer: 'https://login.example', subject: 'operator', requestId: 'request-1' };

export async function openInstallation({ serverUrl, clusters, ...options }: InstallationOptions): Promise<Installation> {
  await using cleanup = new AsyncDisposableStack();
  const database = uniqueName('control');
  const controlDatabaseUrl = databaseUrl(serverUrl, database);
  await prepareControlDatabase(controlDatabaseUrl);
  cleanup.defer(async () => await dropEverything(serverUrl, controlDatabaseUrl, database));

  const published: string[] = [];
  const listeners = new Set<(tenantId: string | null) => void>();
  const bus: InvalidationBus = {
    publish: async (tenantId) => {
      published.push(tenantId);
      for (const listener of listeners) listener(tenantId);
    },
    subscribe: (listener) => {
      listeners.add(listener);
      return { [Symbol.dispose]: () => void listeners.delete(listener) };
    },
  };
  const keyRing: KeyRing = new Map([['k1', randomBytes(32)]]);
  const catalog = cleanup.use(openCatalog({ controlDatabaseUrl, logger: silentLogger }));
  const control = cleanup.use(
    await createTenantControl({
      catalog,
      controlDatabaseUrl,
      clusters: clusters ?? [{ name: 'standard', adminUrl: serverUrl }],
      keyRing,
      bus,
      logger: silentLogger,
      keepsHouse: false,
      ...options,
    }),
  );
  const opened = cleanup.move();
  return {
    controlDatabaseUrl,
    catalog,
    control,
    keyRing,
    bus,
    published,
    query: async (sql, values) => await runSql(controlDatabaseUrl, sql, values),
    [Symbol.asyncDispose]: async () => await opened.disposeAsync(),
  };
}

export function uniqueName(prefix: string): string {
  return `${prefix}_${randomBytes(6).toString('hex')}`;
}

export async function runSql<Row>(url: string, sql: string, values: unknown[] = []): Promise<Row[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql, values)).rows;
  } finally {
    await client.end();
  }
}

async function dropEverything(serverUrl: string, controlDatabaseUrl: string, database: string): Promise<void> {
  const tenants = await runSql<{ database: string; role: string }>(
    controlDatabaseUrl,
    'SELECT database_name AS database, role_name AS role FROM tenants UNION SELECT database_name, role_name FROM shelf',
  );
  for (const tenant of tenants) {
    await runSql(serverUrl, `DROP DATABASE IF EXISTS ${escapeIdentifier(tenant.database)} WITH (FORCE)`);
    const logins = await runSql<{ name: string }>(serverUrl, 'SELECT rolname AS name FROM pg_roles WHERE starts_with(rolname, $1)', [
      tenant.role,
    ]);
    for (const { name } of logins) await runSql(serverUrl, `DROP ROLE ${escapeIdentifier(name)}`);
  }
  await runSql(serverUrl, `DROP DATABASE ${escapeIdentifier(database)} WITH (FORCE)`);
}
