/** How much of the clusters one process may use, and how long things may take. */
export interface PoolLimits {
  /** Connections that this process holds to one cluster at most, over all its tenants. Default 60. */
  connectionsPerCluster: number;
  /** Connections that one tenant holds at most. Default 4. */
  connectionsPerTenant: number;
  /** Milliseconds that a lease waits for capacity in the budget, before `TENANT_BUSY`. Default 5000. */
  acquireDeadlineMs: number;
  /**
   * Milliseconds that a query waits for one of its tenant's connections, before `TENANT_BUSY`, or for a connection to be made,
   * before `TENANT_UNAVAILABLE`. Default 5000.
   */
  connectionDeadlineMs: number;
  /** Milliseconds after which a connection nobody uses is closed. Default 10000. */
  idleConnectionMs: number;
  /** Milliseconds after which a tenant without a lease is closed. Default 60000. */
  idleTenantMs: number;
  /** Milliseconds that Postgres lets one statement run (`statement_timeout`). Default 15000. */
  statementTimeoutMs: number;
  /** Milliseconds that Postgres lets a transaction sit idle (`idle_in_transaction_session_timeout`). Default 10000. */
  idleInTransactionMs: number;
  /** Milliseconds that work in flight gets to end when its connections are closed. Default 10000. */
  drainDeadlineMs: number;
}

export const defaultLimits: PoolLimits = {
  connectionsPerCluster: 60,
  connectionsPerTenant: 4,
  acquireDeadlineMs: 5000,
  connectionDeadlineMs: 5000,
  idleConnectionMs: 10_000,
  idleTenantMs: 60_000,
  statementTimeoutMs: 15_000,
  idleInTransactionMs: 10_000,
  drainDeadlineMs: 10_000,
};
