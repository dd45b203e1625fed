import type { PoolConfig } from 'pg';
import type { TenantPlacement } from '../directory/placement.ts';
import type { PoolLimits } from '../limits.ts';
import { cutWhenSilent } from './cut-when-silent.ts';
import type { Preconnects } from './preconnects.ts';
import { onceBounded } from './role-bounds.ts';
import { tlsOptions } from './tls.ts';

export interface ConnectionConfigOptions {
  placement: TenantPlacement;
  /** Asked for at each connection, so that the plain password is not kept. */
  password: () => string;
  /** Name of the service, for `application_name`. */
  service: string;
  limits: PoolLimits;
  /** Where sockets come from. Default: `pg` makes them. */
  preconnects?: Preconnects;
}

/** Milliseconds for the network, beyond what Postgres or a pooler may take by the limits. */
const answerMarginMs = 5000;

/** How connections to a tenant's database are made, what Postgres is told of them, and what each has to prove before it is used. */
export function connectionConfig({ placement, password, service, limits, preconnects }: ConnectionConfigOptions): PoolConfig {
  return {
    host: placement.host,
    port: placement.port,
    ssl: tlsOptions(placement.sslMode),
    database: placement.database,
    user: placement.role,
    password,
    // PgBouncer takes it over to whichever server connection it lends.
    application_name: `tenantry:${service}`,
    connectionTimeoutMillis: limits.connectionDeadlineMs,
    keepAlive: true,
    ...(preconnects && { stream: () => preconnects.take(placement) }),
    onConnect: (client) => cutWhenSilent(client, silenceDeadlineMs(limits)),
    ...timeouts(placement, limits),
  };
}

/**
 * Who bounds a statement and a transaction that sits idle. A server's session is told when it begins. A pooler refuses to be told, and
 * what one client sets in a session it lends, another finds: there the bounds are the role's own.
 */
function timeouts({ pooling }: TenantPlacement, limits: PoolLimits): PoolConfig {
  const { statementTimeoutMs, idleInTransactionMs, connectionDeadlineMs } = limits;
  switch (pooling) {
    case 'direct':
      return { statement_timeout: statementTimeoutMs, idle_in_transaction_session_timeout: idleInTransactionMs };
    case 'transaction':
      return { verify: onceBounded(connectionDeadlineMs) };
    default:
      throw new Error(`${JSON.stringify(pooling satisfies never)} is a kind of pooling that this version does not know.`);
  }
}

/**
 * Milliseconds after which a connection that says nothing is not slow but lost. Longer than anything that it may rightly be silent for;
 * 0, which is never, where statements may take as long as they like.
 */
function silenceDeadlineMs(limits: PoolLimits): number {
  const { statementTimeoutMs, idleInTransactionMs, idleConnectionMs, connectionDeadlineMs } = limits;
  if (Math.min(statementTimeoutMs, idleInTransactionMs, idleConnectionMs) === 0) return 0;
  return Math.max(statementTimeoutMs + connectionDeadlineMs, idleInTransactionMs, idleConnectionMs) + answerMarginMs;
}
