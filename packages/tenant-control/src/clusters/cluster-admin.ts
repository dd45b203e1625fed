import type { Logger } from '@tenantry/service';
import pLimit from 'p-limit';
import { Pool, type Client } from 'pg';
import { connect, databaseUrl, sessionDefaults, withConnection } from '../postgres/connection.ts';
import { closeCluster } from './close-cluster.ts';
import type { ClusterConfig, TenantRoute } from './cluster-config.ts';
import { assertPoolerRole } from './pooler-access.ts';
import { ensureTemplate, type Template } from './template.ts';

/** Pieces of work that one process does on a cluster at the same time. */
const parallel = 4;

/** Connections to the administrator's database that one of them needs at most: its own session, and one for a look beside. */
const connectionsPerWork = 2;

/** One cluster, as its administrator sees it. */
export interface ClusterAdmin extends AsyncDisposable {
  readonly name: string;
  /** Where tenants' connections go, if not to the server itself. The administrator's always go there. */
  readonly tenants: TenantRoute | null;
  /** Connections of the administrator to the administrator's own database. */
  readonly pool: Pool;
  /** Runs `work` when its turn comes: as many at a time as there are connections for, so that none waits for one in its middle. */
  inTurn<Result>(work: () => Promise<Result>): Promise<Result>;
  /** The newest template, as far as this process knows it; null before the first {@link prepare}. */
  readonly template: Template | null;
  /** Makes the cluster fit for tenants, where it is not yet. @throws when the cluster does not answer */
  prepare(): Promise<Template>;
  /** A connection of the administrator to `database`. */
  within<Result>(database: string, work: (client: Client) => Promise<Result>): Promise<Result>;
  /** A connection to `database` with a tenant's role, to the server itself. */
  as<Result>(user: { role: string; password: string }, database: string, work: (client: Client) => Promise<Result>): Promise<Result>;
  /** As {@link as}; the connection is the caller's to end. */
  connectAs(user: { role: string; password: string }, database: string): Promise<Client>;
  /** The administrator's URL of `database`. For migrations; it holds the password. */
  url(database: string, session?: { role: string }): string;
}

export function openClusterAdmin(config: ClusterConfig, logger: Logger): ClusterAdmin {
  const { name, adminUrl, tenants } = config;
  const pool = new Pool({ ...sessionDefaults, connectionString: adminUrl, max: parallel * connectionsPerWork });
  pool.on('error', (error) => {
    // `end` does not wait for the server to close: what breaks after it was on its way out.
    if (!pool.ending) logger.warn({ err: error, cluster: name }, 'an idle connection to a cluster broke');
  });
  const turns = pLimit(parallel);
  let isClosedToPublic = false;
  let template: Template | null = null;
  const admin: ClusterAdmin = {
    name,
    tenants: tenants ?? null,
    pool,
    get template() {
      return template;
    },
    inTurn: async (work) => await turns(work),
    prepare: async () => {
      if (!isClosedToPublic) await closeCluster(admin, logger);
      isClosedToPublic = true;
      if (tenants?.authUser != null) await assertPoolerRole(admin, tenants.authUser);
      return (template = await ensureTemplate(admin));
    },
    within: async (database, work) => await withConnection(databaseUrl(adminUrl, database), work),
    as: async ({ role, password }, database, work) => await withConnection(databaseUrl(adminUrl, database, { user: role, password }), work),
    connectAs: async ({ role, password }, database) => await connect(databaseUrl(adminUrl, database, { user: role, password })),
    url: (database, session) => {
      const url = new URL(databaseUrl(adminUrl, database));
      if (session) url.searchParams.set('options', `-c role=${session.role}`);
      return url.href;
    },
    [Symbol.asyncDispose]: async () => await pool.end(),
  };
  return admin;
}
