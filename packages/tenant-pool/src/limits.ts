import type { TenantTier } from '@tenantry/prisma/control';
import type { AccountLimits } from './budget/budget-account.ts';

/** What a tier changes for its tenants. */
interface TierLimits {
  /** Connections that one tenant holds at most. Default: `connectionsPerTenant`. */
  readonly connections?: number;
  /** How many turns a tenant gets for each one of a tenant of weight 1, while both wait for connections. Default 1. */
  readonly weight?: number;
}

/** How much of the clusters one process may use, and how long things may take. */
export interface PoolLimits {
  /**
   * Connections to one cluster at most, over all its tenants: those of this process, or those of all processes that divide them by
   * `shares`. By the cluster's name, or one number for all. Default 60, also of a cluster that is not named.
   */
  connectionsPerCluster: number | Readonly<Record<string, number>>;
  /** Connections that one tenant holds at most; beside them, those of its former password until their leases are returned. Default 4. */
  connectionsPerTenant: number;
  /** Default: PREMIUM has 8 connections and the weight 4. Whoever gives any tier gives all: PREMIUM is then like one that is not named. */
  tiers: { readonly [Tier in TenantTier]?: TierLimits };
  /** Milliseconds for which a tenant in use keeps a connection while others wait for one. Default 100. */
  turnMs: number;
  /** Milliseconds that a query or transaction waits for its turn to have a connection, before `TENANT_BUSY`. Default 5000. */
  acquireDeadlineMs: number;
  /**
   * Milliseconds that a lease waits for a tenant that is being migrated or is waking, before `TENANT_MIGRATING` or `TENANT_WAKING`: long
   * enough for most transitions, short enough for who asked. Default 0: it is refused at once.
   */
  waitForTenantMs: number;
  /** Milliseconds that making a connection may take, before `TENANT_UNAVAILABLE`. Default 5000. */
  connectionDeadlineMs: number;
  /**
   * Sockets that are kept connected to each server in use, so that a cold tenant does not wait for that. Nobody is signed in on them:
   * they count neither here nor in Postgres's `max_connections`. Default 1; 0 for none.
   */
  preconnects: number;
  /** Milliseconds after which a connection nobody uses is closed. Default 10000. */
  idleConnectionMs: number;
  /** Milliseconds after which a tenant without a lease is closed. Default 60000. */
  idleTenantMs: number;
  /**
   * Milliseconds after which a lease that was not returned is warned of, by the name of its operation. Default 30000. One that was asked for
   * with its own `holdMs` is warned of after half of that.
   */
  leaseWarningMs: number;
  /** Milliseconds after which a lease that was not returned is revoked, unless it was asked for with its own `holdMs`. Default 300000. */
  leaseDeadlineMs: number;
  /**
   * Milliseconds that Postgres lets one statement run (`statement_timeout`). Default 15000. Through a pooler, the bound of the tenant's role
   * holds instead. What takes longer by more than {@link connectionDeadlineMs} and 5 seconds may be cut off as if its server were gone, also
   * where a transaction has raised its own bound by `SET LOCAL`.
   */
  statementTimeoutMs: number;
  /** Milliseconds that Postgres lets a transaction sit idle (`idle_in_transaction_session_timeout`). Default 10000. */
  idleInTransactionMs: number;
  /** Milliseconds that work in flight gets to end when its connections are closed. Default 10000. */
  drainDeadlineMs: number;
}

const defaultConnectionsPerCluster = 60;

export const defaultLimits: PoolLimits = {
  connectionsPerCluster: defaultConnectionsPerCluster,
  connectionsPerTenant: 4,
  tiers: { PREMIUM: { connections: 8, weight: 4 } },
  turnMs: 100,
  acquireDeadlineMs: 5000,
  waitForTenantMs: 0,
  connectionDeadlineMs: 5000,
  preconnects: 1,
  idleConnectionMs: 10_000,
  idleTenantMs: 60_000,
  leaseWarningMs: 30_000,
  leaseDeadlineMs: 300_000,
  statementTimeoutMs: 15_000,
  idleInTransactionMs: 10_000,
  drainDeadlineMs: 10_000,
};

/** Connections to the cluster `name`; one that is not named has the default. */
export function clusterConnections({ connectionsPerCluster }: PoolLimits, name: string): number {
  if (typeof connectionsPerCluster === 'number') return connectionsPerCluster;
  return connectionsPerCluster[name] ?? defaultConnectionsPerCluster;
}

/** The part of a cluster's connections that one tenant of `tier` may have. */
export function tenantLimits({ connectionsPerTenant, tiers }: PoolLimits, tier: TenantTier): AccountLimits {
  const { connections = connectionsPerTenant, weight = 1 } = tiers[tier] ?? {};
  return { max: connections, weight };
}
