import { startDisposablePostgres } from '@tenantry/backing-services';
import { unseal } from '@tenantry/service';
import type { ClusterConfig, TenantRoute } from '../../clusters/cluster-config.ts';
import { databaseUrl } from '../../postgres/connection.ts';
import { openInstallation, operator, runSql, uniqueName, type Installation, type InstallationOptions } from '../../testing/installation.ts';
import type { MoveReport } from '../move-report.ts';

/** An installation with two servers, from the first of which tenants can be replicated, and back they are copied. */
export interface TwoClusters extends AsyncDisposable {
  readonly installation: Installation;
  readonly clusters: readonly ClusterConfig[];
  /** Superusers' URLs, by name of the cluster. */
  readonly servers: Readonly<Record<'standard' | 'premium', string>>;
  /** @returns id of a tenant on `standard` that has something of its own */
  provision(): Promise<string>;
  /** Runs SQL as the tenant, where the catalog says it is. */
  query<Row>(id: string, sql: string, values?: unknown[]): Promise<Row[]>;
  /** What became of the tenant's latest move. */
  report(id: string): Promise<MoveReport>;
  /** What the servers have of a tenant beside its database and roles where it is: databases, roles, and what replicates. */
  remains(id: string): Promise<string[]>;
}

interface TwoClustersOptions extends Omit<InstallationOptions, 'serverUrl' | 'clusters'> {
  /** Where tenants' connections to `premium` go, if not to the server itself. */
  readonly route?: TenantRoute | undefined;
  /** Whether the server of `standard` is also called `again`. Default false. */
  readonly hasAlias?: boolean;
}

/** The server `standard` is made for it; `premium` is that of the tests. */
export async function openTwoClusters(
  premium: string,
  { route, hasAlias = false, ...options }: TwoClustersOptions = {},
): Promise<TwoClusters> {
  await using cleanup = new AsyncDisposableStack();
  const { url: standard } = cleanup.use(
    await startDisposablePostgres({
      settings: { wal_level: 'logical', shared_buffers: '32MB', max_prepared_transactions: '4' },
    }),
  );
  const servers = { standard, premium };
  const clusters = [
    { name: 'standard', adminUrl: standard },
    { name: 'premium', adminUrl: premium, ...(route && { tenants: route }) },
    ...(hasAlias ? [{ name: 'again', adminUrl: standard }] : []),
  ];
  const installation = cleanup.use(await openInstallation({ serverUrl: premium, clusters, ...options }));
  const { control, catalog, keyRing } = installation;

  async function query<Row>(id: string, sql: string, values: unknown[] = []): Promise<Row[]> {
    const placement = await catalog.findPlacement(id);
    if (!placement) throw new Error(`no tenant ${id}`);
    const password = unseal(placement.sealedPassword, id, keyRing);
    const server = placement.cluster === 'standard' ? standard : premium;
    return await runSql(databaseUrl(server, placement.database, { user: placement.role, password }), sql, values);
  }

  const opened = cleanup.move();
  return {
    installation,
    clusters,
    servers,
    query,
    provision: async () => {
      const input = { slug: uniqueName('t').replace('_', '-'), name: 'Acme', cluster: 'standard' };
      const { id } = await control.provisionTenant(input, { actor: operator });
      await query(id, filling);
      return id;
    },
    report: async (id) => {
      const run = (await catalog.findLatestRuns([id], 20)).find(({ kind }) => kind === 'MOVE');
      if (!run?.move) throw new Error(`no move of ${id}`);
      return run.move;
    },
    remains: async (id) => {
      const placement = await catalog.findPlacement(id);
      const found = Object.entries(servers).map(async ([cluster, server]) => {
        const names = placement?.cluster === cluster ? [placement.database, placement.role] : [];
        const rows = await runSql<{ what: string; name: string }>(server, remnants, [id, names]);
        return rows.map(({ what, name }) => `${cluster}: ${what} ${name}`);
      });
      return (await Promise.all(found)).flat();
    },
    [Symbol.asyncDispose]: async () => await opened.disposeAsync(),
  };
}

const filling = `
  UPDATE tenant_settings SET locale = 'de-CH';
  INSERT INTO users (id, email, name, role, status, updated_at)
  SELECT gen_random_uuid(), n || '@acme.example', 'Nobody', 'MEMBER', 'INVITED', now() FROM generate_series(1, 10) n`;

/** The owner is there wherever the database is; a slot, a subscription and a role of a move are named after its saga. */
const remnants = `
  WITH tenant AS (SELECT 'tenant_' || replace($1, '-', '') AS name)
  SELECT 'database' AS what, datname::text AS name FROM pg_database, tenant WHERE starts_with(datname, tenant.name) AND datname <> ALL($2)
  UNION ALL SELECT 'role', rolname::text FROM pg_roles, tenant
    WHERE (starts_with(rolname, tenant.name) OR strpos(shobj_description(pg_roles.oid, 'pg_authid'), $1) > 0)
      AND rolname <> ALL($2) AND NOT (rolname = tenant.name AND cardinality($2::text[]) > 0)
  UNION ALL SELECT 'slot', slot_name::text FROM pg_replication_slots, tenant WHERE starts_with(database, tenant.name)
  UNION ALL SELECT 'subscription', subname::text FROM pg_subscription JOIN pg_database ON pg_database.oid = subdbid, tenant
    WHERE starts_with(datname, tenant.name)`;
