import type { Logger } from '@tenantry/service';
import pLimit from 'p-limit';
import { Pool, type Client } from 'pg';
import { connect, databaseUrl, sessionDefaults, withConnection } from '../postgres/connection.ts';
import { serverVersion } from '../postgres/server-version.ts';
import { closeCluster } from './close-cluster.ts';
import type { ClusterConfig, TenantRoute } from './cluster-config.ts';
import { ownSettings } from './own-settings.ts';
import { preparePoolerRole } from './pooler-role.ts';
import { assertSupported } from './supported-server.ts';
import { ensureTemplate, type Template } from './template.ts';

/** Pieces of work that one process does on a cluster at the same time. */
const parallel = 4;

/** Pieces beside those that last: they copy a whole database. */
const parallelLong = 2;

/** Connections to the administrator's database that have a piece of work for themselves: of those in turn, of those resumed, of the rest. */
const mostSessions = 3 * parallel + parallelLong;

/** One cluster, as its administrator sees it. */
export interface ClusterAdmin extends AsyncDisposable {
  readonly name: string;
  /** Where tenants' connections go, if not to the server itself. The administrator's always go there. */
  readonly tenants: TenantRoute | null;
  /** Connections of the administrator to the administrator's own database, for as long as a statement or a few take. */
  readonly pool: Pool;
  /** Such connections for the length of a piece of work. Apart, so that one that has its own need not wait for a look beside. */
  readonly sessions: Pool;
  /** Runs `work` when its turn comes: some at a time, so that each is done soon. */
  inTurn<Result>(work: () => Promise<Result>): Promise<Result>;
  /** As {@link inTurn}, for what lasts, which keeps nobody there waiting. */
  inLongTurn<Result>(work: () => Promise<Result>): Promise<Result>;
  /** The newest template, as far as this process knows it; null before the first {@link prepare}. */
  readonly template: Template | null;
  /** Makes the cluster fit for tenants, where it is not yet. @throws when the cluster does not answer */
  prepare(): Promise<Template>;
  /**
   * A connection of the administrator to `database`, in which no name is a tenant's. It must read and write nothing that a tenant's role
   * owns: to plan a mere SELECT from a table already runs functions of its owner's.
   */
  within<Result>(database: string, work: (client: Client) => Promise<Result>): Promise<Result>;
  /** A connection to `database` with a tenant's role, to the server itself. */
  as<Result>(user: { role: string; password: string }, database: string, work: (client: Client) => Promise<Result>): Promise<Result>;
  /** As {@link as}; the connection is the caller's to end. */
  connectAs(user: { role: string; password: string }, database: string): Promise<Client>;
  /** The administrator's URL of `database`; it holds the password. Like {@link within}, for nothing that a tenant's role owns. */
  url(database: string): string;
  /**
   * As {@link url}, for a session that acts as `owner`. What runs there can leave that role, and be the administrator: it is for a database
   * that no tenant could ever put anything into. For any other there is `asOwner`.
   */
  templateUrl(database: string, owner: string): string;
}

export function openClusterAdmin(config: ClusterConfig, logger: Logger): ClusterAdmin {
  const { name, adminUrl, tenants } = config;
  const pool = openPool(config, parallel, logger);
  const sessions = openPool(config, mostSessions, logger);
  const turns = pLimit(parallel);
  const longTurns = pLimit(parallelLong);
  const settings = onceDone(async () => await ownSettings(pool));
  const closed = onceDone(async () => {
    assertSupported(name, await serverVersion(pool));
    await closeCluster(admin, logger);
  });
  let template: Template | null = null;
  const admin: ClusterAdmin = {
    name,
    tenants: tenants ?? null,
    pool,
    sessions,
    get template() {
      return template;
    },
    inTurn: async (work) => await turns(work),
    inLongTurn: async (work) => await longTurns(work),
    prepare: async () => {
      await closed();
      if (tenants?.authUser != null) await preparePoolerRole(admin, tenants.authUser);
      return (template = await ensureTemplate(admin));
    },
    within: async (database, work) => {
      const url = new URL(databaseUrl(adminUrl, database));
      url.searchParams.set('options', `${await settings()} ${url.searchParams.get('options') ?? ''}`.trim());
      return await withConnection(url.href, work);
    },
    as: async ({ role, password }, database, work) => await withConnection(databaseUrl(adminUrl, database, { user: role, password }), work),
    connectAs: async ({ role, password }, database) => await connect(databaseUrl(adminUrl, database, { user: role, password })),
    url: (database) => databaseUrl(adminUrl, database),
    templateUrl: (database, owner) => {
      const url = new URL(databaseUrl(adminUrl, database));
      url.searchParams.set('options', `-c role=${owner}`);
      return url.href;
    },
    [Symbol.asyncDispose]: async () => void (await Promise.all([pool.end(), sessions.end()])),
  };
  return admin;
}

function openPool({ name, adminUrl }: ClusterConfig, max: number, logger: Logger): Pool {
  const pool = new Pool({ ...sessionDefaults, connectionString: adminUrl, max });
  pool.on('error', (error) => {
    // `end` does not wait for the server to close: what breaks after it was on its way out.
    if (!pool.ending) logger.warn({ err: error, cluster: name }, 'an idle connection to a cluster broke');
  });
  return pool;
}

/** Runs `work` until it has succeeded once, and gives back what it gave then. */
function onceDone<Result>(work: () => Promise<Result>): () => Promise<Result> {
  let doing: Promise<Result> | undefined;
  return async () => {
    try {
      return await (doing ??= work());
    } catch (error) {
      doing = undefined;
      throw error;
    }
  };
}
