import { randomBytes } from 'node:crypto';
import { startPgBouncer, type PgBouncer } from '@tenantry/backing-services';
import { inject } from 'vitest';
import type { TenantPlacement } from '../directory/placement.ts';
import { createTenantDatabases, tenantAt, type TenantDatabases } from './tenant-databases.ts';

/** Tenants behind a PgBouncer in transaction mode, as provisioning leaves them. */
export interface PooledTenants extends AsyncDisposable {
  /** Their placements lead to the pooler. */
  readonly databases: TenantDatabases;
  /** The same tenants, past the pooler. */
  readonly direct: readonly TenantPlacement[];
  readonly pgBouncer: PgBouncer;
  /** Gives a tenant's role another password, and tells the pooler how it signs in now. */
  setPassword(placement: TenantPlacement, password: string): Promise<void>;
}

const password = 'of the pooler';

/** @param settings of the section `[pgbouncer]` */
export async function createPooledTenants(count: number, settings: Record<string, string> = {}): Promise<PooledTenants> {
  await using cleanup = new AsyncDisposableStack();
  const databases = cleanup.use(await createTenantDatabases(count));
  const pooler = `pooler_${randomBytes(4).toString('hex')}`;
  const { hostname: host, port } = new URL(inject('postgresUrl'));
  await databases.administer(`CREATE ROLE ${pooler} LOGIN PASSWORD '${password}'`);
  cleanup.defer(async () => {
    for (const { database } of databases.placements) await databases.administer(`DROP DATABASE IF EXISTS ${database} WITH (FORCE)`);
    await databases.administer(`DROP ROLE ${pooler}`);
  });
  for (const placement of databases.placements) await openToPooler(databases, pooler, placement);
  const pgBouncer = cleanup.use(
    await startPgBouncer({
      server: { host, port: Number(port) },
      users: { [pooler]: password },
      settings: {
        auth_user: pooler,
        auth_query: 'SELECT role, verifier FROM tenantry.logins WHERE role = $1',
        server_login_retry: '1',
        ...settings,
      },
    }),
  );
  const placements = databases.placements.map((placement) =>
    Object.assign({}, placement, { host: pgBouncer.host, port: pgBouncer.port, pooling: 'transaction' as const }),
  );
  const owned = cleanup.move();
  return {
    databases: { ...databases, placements, tenant: (index) => tenantAt(placements, index) },
    direct: databases.placements,
    pgBouncer,
    setPassword: async (placement, value) => {
      await databases.administer(`ALTER ROLE ${placement.role} PASSWORD '${value}'`);
      await tellPooler(databases, placement);
    },
    [Symbol.asyncDispose]: async () => await owned.disposeAsync(),
  };
}

async function openToPooler(databases: TenantDatabases, pooler: string, placement: TenantPlacement): Promise<void> {
  await databases.administer(`ALTER ROLE ${placement.role} SET statement_timeout = '5s'`);
  await databases.administer(`ALTER ROLE ${placement.role} SET idle_in_transaction_session_timeout = '5s'`);
  await databases.within(
    placement,
    `CREATE SCHEMA tenantry;
     CREATE TABLE tenantry.logins (role text PRIMARY KEY, verifier text NOT NULL);
     GRANT USAGE ON SCHEMA tenantry TO ${pooler};
     GRANT SELECT ON tenantry.logins TO ${pooler}`,
  );
  await tellPooler(databases, placement);
}

async function tellPooler(databases: TenantDatabases, placement: TenantPlacement): Promise<void> {
  await databases.within(
    placement,
    `INSERT INTO tenantry.logins SELECT rolname, rolpassword FROM pg_authid WHERE rolname = $1
     ON CONFLICT (role) DO UPDATE SET verifier = EXCLUDED.verifier`,
    [placement.role],
  );
}
