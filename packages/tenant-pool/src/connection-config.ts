import type { PoolConfig } from 'pg';
import type { TenantPlacement } from './directory/placement.ts';
import type { PoolLimits } from './limits.ts';
import { tlsOptions } from './tls.ts';

export interface ConnectionConfigOptions {
  placement: TenantPlacement;
  /** Asked for at each connection, so that the plain password is not kept. */
  password: () => string;
  /** Name of the service, for `application_name`. */
  service: string;
  limits: PoolLimits;
}

/** How one connection to a tenant's database is made, and what Postgres is told of it. */
export function connectionConfig({ placement, password, service, limits }: ConnectionConfigOptions): PoolConfig {
  return {
    host: placement.host,
    port: placement.port,
    ssl: tlsOptions(placement.sslMode),
    database: placement.database,
    user: placement.role,
    password,
    application_name: `tenantry:${service}`,
    statement_timeout: limits.statementTimeoutMs,
    idle_in_transaction_session_timeout: limits.idleInTransactionMs,
    connectionTimeoutMillis: limits.connectionDeadlineMs,
    keepAlive: true,
  };
}
