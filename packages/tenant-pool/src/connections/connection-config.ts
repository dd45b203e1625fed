import type { ClientBase, PoolConfig } from 'pg';
import type { TenantPlacement } from '../directory/placement.ts';
import { TenantUnavailableError } from '../errors.ts';
import type { PoolLimits } from '../limits.ts';
import { cutWhenSilent } from './cut-when-silent.ts';
import type { ConnectionConfig } from './pooled-client.ts';
import type { Preconnects } from './preconnects.ts';
import { boundedByRole, type RoleBounds } from './role-bounds.ts';
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

/**
 * How connections to a tenant's database are made, what Postgres is told of them, and what each has to prove before it is used.
 *
 * @throws {TenantUnavailableError} when the placement names a kind of pooling or an `sslmode` that is none
 */
export function connectionConfig({
  placement,
  password,
  service,
  limits,
  preconnects,
}: ConnectionConfigOptions): PoolConfig & ConnectionConfig {
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
    ...timeouts(placement, limits),
  };
}

/**
 * Who bounds a statement and a transaction that sits idle. A server's session is told when it begins. A pooler refuses to be told, and
 * what one client sets in a session it lends, another finds: there the bounds are the role's own. Whoever is silent for much longer than
 * these bounds allow is gone.
 */
function timeouts({ pooling }: TenantPlacement, limits: PoolLimits): Omit<PoolConfig, 'password'> {
  const { statementTimeoutMs, idleInTransactionMs, connectionDeadlineMs } = limits;
  const cut = (client: ClientBase, bounds: RoleBounds) => cutWhenSilent(client, silenceDeadlineMs(bounds, limits));
  switch (pooling) {
    case 'direct':
      return {
        statement_timeout: statementTimeoutMs,
        idle_in_transaction_session_timeout: idleInTransactionMs,
        onConnect: (client) => cut(client, limits),
      };
    case 'transaction':
      return { verify: boundedByRole({ deadlineMs: connectionDeadlineMs, onBounded: cut }) };
    default:
      throw new TenantUnavailableError(`This version does not know the pooling ${JSON.stringify(pooling satisfies never)}.`);
  }
}

/**
 * Milliseconds after which a connection that says nothing is not slow but lost. Longer than anything that it may rightly be silent for;
 * 0, which is never, where statements may take as long as they like.
 */
function silenceDeadlineMs({ statementTimeoutMs, idleInTransactionMs }: RoleBounds, limits: PoolLimits): number {
  const { idleConnectionMs, connectionDeadlineMs } = limits;
  if (Math.min(statementTimeoutMs, idleInTransactionMs, idleConnectionMs) === 0) return 0;
  return Math.max(statementTimeoutMs + connectionDeadlineMs, idleInTransactionMs, idleConnectionMs) + answerMarginMs;
}
